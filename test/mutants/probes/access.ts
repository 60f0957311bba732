// How the faults of authorizers and of security show.

import { UnsecuredJWT } from "jose";
import type { JsonObject } from "../../../src/domain/json.ts";
import { isError, isUpdate } from "../../http/socket.ts";
import type { Client } from "../client.ts";
import { machine, newKey, withLight } from "./kit.ts";
import type { Probe } from "./probe.ts";

/** A diary of Ada's, whose code `change` may have changed. */
async function withDiary(client: Client): Promise<Client> {
  await client.publish("guarded");
  await client.create("guarded/diary", { public: { owner: "ada" } }, ada);
  return client;
}

const ada = { act: { sub: "ada" } };
const eve = { act: { sub: "eve" } };
const firstOf = (value: unknown) => (value as JsonObject[])[0] as JsonObject;

export const authorizerProbes: Probe[] = [
  {
    id: "AZ-01",
    sound: 403,
    faulty: 200,
    async observe(c) {
      await c.publish("guarded");
      return (await c.create("guarded/d", { public: { owner: "ada" } }, eve)).status;
    },
  },
  {
    id: "AZ-02",
    sound: 403,
    faulty: 200,
    observe: async (c) => (await (await withDiary(c)).send("guarded/diary", "WRITE", eve)).status,
  },
  {
    id: "AZ-04",
    sound: 403,
    faulty: 200,
    async observe(c) {
      const give = `{ context: { owner: "ada" }, on: { TAKE: { actions: assign({ owner: ({ event }) => event.by }) } } }`;
      const mine =
        "export const allowRead = () => true;\nexport const allowWrite = ({ type, context, authContext }) => type === 'initialization' || context.owner === authContext.sub;";
      await c.publish("gift", { code: machine(mine, give) });
      await c.create("gift/g");
      return (await c.send("gift/g", { type: "TAKE", by: "eve" }, eve)).status;
    },
  },
  {
    id: "AZ-06",
    sound: [403, 403, 200],
    faulty: [200, 403, 200],
    async observe(c) {
      await withDiary(c);
      const tear = (event: unknown) => c.send("guarded/diary", event, ada).then(({ status }) => status);
      return [await tear("TEAR"), await tear({ type: "TEAR" }), await tear("WRITE")];
    },
  },
  {
    id: "AZ-07",
    sound: 403,
    faulty: 200,
    async observe(c) {
      await withLight(c);
      const key = await newKey(c, { scopes: ["state.read"] });
      return (await c.call("GET", `/machines/${c.name("toggle")}/i/light/admin`, undefined, { key })).status;
    },
  },
  {
    id: "AZ-09",
    sound: "rejected-by-machine-authorizer",
    faulty: "missing-scope",
    observe: async (c) => (await (await withDiary(c)).send("guarded/diary", "WRITE", eve)).body.code,
  },
  {
    id: "AZ-11",
    sound: [403, 403],
    faulty: [200, 403],
    async observe(c) {
      await withDiary(c);
      const write = (sub: string) => c.send("guarded/diary", "WRITE", { act: { sub } }).then(({ status }) => status);
      return [await write("thrower"), await write("eve")];
    },
  },
  {
    id: "AZ-12",
    sound: [200, 200],
    faulty: [200, 403],
    async observe(c) {
      await withDiary(c);
      const send = (event: string) => c.send("guarded/diary", event, ada).then(({ status }) => status);
      return [await send("WRITE"), await send("BURN")];
    },
  },
  {
    id: "AZ-14",
    sound: 1,
    faulty: 0,
    async observe(c) {
      await c.publish("paint", { indexes: ["color"], indexSelectors: { color: "$.color" } });
      await c.create("paint/pot", { color: "red" });
      return ((await c.call("GET", `/machines/${c.name("paint")}/indexes/color/query`)).body.instances as unknown[])
        .length;
    },
  },
];

export const securityProbes: Probe[] = [
  {
    id: "SE-02",
    sound: 403,
    faulty: 200,
    observe: async (c) => (await (await withLight(c)).get("toggle/light", { expS: -900 })).status,
  },
  {
    id: "SE-03",
    sound: 403,
    faulty: 200,
    async observe(c) {
      await withLight(c);
      const token = new UnsecuredJWT({ act: {}, aud: "https://api.statebacked.dev/" }).setExpirationTime("5m").encode();
      return (await c.get("toggle/light", { token })).status;
    },
  },
  {
    id: "SE-05",
    sound: { flips: 0 },
    faulty: { flips: 0, secret: "hidden" },
    observe: async (c) => (await (await withLight(c)).get("toggle/light")).body.publicContext,
  },
  {
    id: "SE-07",
    sound: [200, 204, 403],
    faulty: [200, 204, 200],
    async observe(c) {
      await withLight(c);
      const key = await newKey(c, { scopes: ["state.read"] });
      const read = () => c.get("toggle/light", { key }).then(({ status }) => status);
      return [await read(), (await c.call("DELETE", `/keys/${key.id}`)).status, await read()];
    },
  },
  {
    id: "SE-08",
    sound: [],
    faulty: ["key"],
    async observe(c) {
      await newKey(c, { scopes: [] });
      const known = ["id", "name", "scopes", "createdAt"];
      return Object.keys(firstOf((await c.call("GET", "/keys")).body.keys)).filter((name) => !known.includes(name));
    },
  },
  {
    id: "SE-10",
    sound: [400, "on"],
    faulty: [200, "off"],
    async observe(c) {
      await withLight(c);
      const { status } = await c.send("toggle/light", { type: "xstate.stop" });
      return [status, (await c.send("toggle/light", "FLIP")).body.state];
    },
  },
  {
    id: "SE-12",
    sound: "error",
    faulty: "instance-update",
    async observe(c) {
      await withLight(c);
      const socket = await c.socket({ token: null });
      socket.watch("r", "toggle/light");
      const [frame] = await socket.until((one) => isUpdate(one) || isError(one));
      return frame?.type;
    },
  },
  {
    id: "SE-13",
    sound: ["error", 403],
    faulty: ["instance-update", 403],
    async observe(c) {
      await withDiary(c);
      const socket = await c.socket(eve);
      socket.watch("r", "guarded/diary");
      const [frame] = await socket.until((one) => isUpdate(one) || isError(one));
      return [frame?.type, (await c.get("guarded/diary", eve)).status];
    },
  },
  {
    id: "SE-15",
    sound: 403,
    faulty: 200,
    async observe(c) {
      const asked =
        "export const allowRead = () => true;\nexport const allowWrite = ({ authContext }) => authContext.stateBackedSender?.machineName === 'm';";
      await c.publish("trusting", { code: machine(asked, "{}") });
      const act = { sub: "eve", stateBackedSender: { machineName: "m", machineInstanceName: "i" } };
      return (await c.create("trusting/a", {}, { act })).status;
    },
  },
  {
    id: "SE-17",
    sound: [400, 200],
    faulty: [204, 404],
    async observe(c) {
      await withLight(c);
      return [(await c.remove("toggle/light", "wrong")).status, (await c.get("toggle/light")).status];
    },
  },
];
