// How the faults of migrations and of token exchanges show.

import { decodeJwt, decodeProtectedHeader } from "jose";
import type { JsonObject } from "../../../src/domain/json.ts";
import { type Client, contractsFile } from "../client.ts";
import { exchange, newKey, provide, sendAll, subjectToken, withLight } from "./kit.ts";
import type { Probe } from "./probe.ts";

const toShipment = contractsFile("migrations/parcel-to-shipment.js");
const onwards = contractsFile("migrations/shipment-to-shipment.js");

/** A parcel that has got `events`, and is to become a shipment. */
async function desiring(c: Client, events: unknown[] = [], context: object = {}): Promise<Client> {
  const from = await c.publish("parcel");
  const to = await c.publish("shipment", { name: "parcel", makeCurrent: false });
  await c.migrate(from, to, "parcel", toShipment);
  await c.call("POST", `/machines/${c.name("parcel")}`, {
    slug: "it",
    context: { public: { grams: 1 }, ...context },
    machineVersionId: from,
  });
  await sendAll(c, "parcel/it", events);
  await c.call("PUT", `/machines/${c.name("parcel")}/i/it/v`, { targetMachineVersionId: to });
  return c;
}

const put = { type: "PUT", grams: 2 };
const shown = async (c: Client) => (await c.get("parcel/it")).body.publicContext as JsonObject;

export const migrationProbes: Probe[] = [
  {
    id: "MG-02",
    sound: ["packing"],
    faulty: ["route.where.depot", "route.customs.waiting"],
    async observe(c) {
      await (await desiring(c)).send("parcel/it", "SEND");
      return (await shown(c)).cameFrom;
    },
  },
  {
    id: "MG-03",
    sound: ["statebacked.upgrade", "PUT"],
    faulty: ["PUT"],
    async observe(c) {
      await (await desiring(c)).send("parcel/it", put);
      return c.history("parcel/it");
    },
  },
  {
    id: "MG-05",
    sound: [201, 201],
    faulty: [201, 400],
    async observe(c) {
      const from = await c.publish("parcel");
      const over = await c.publish("shipment", { name: "parcel", makeCurrent: false });
      const to = await c.publish("shipment", { name: "parcel", makeCurrent: false });
      await c.migrate(from, over, "parcel", toShipment);
      await c.migrate(over, to, "parcel", onwards);
      await c.call("POST", `/machines/${c.name("parcel")}`, { slug: "it", machineVersionId: from });
      const path = `/machines/${c.name("parcel")}/i/it/v`;
      const desire = async (targetMachineVersionId: string) =>
        (await c.call("PUT", path, { targetMachineVersionId })).status;
      return [await desire(over), await desire(to)];
    },
  },
  {
    id: "MG-07",
    sound: ["load", "cameFrom", "wentTo"],
    faulty: ["grams"],
    async observe(c) {
      await (await desiring(c)).send("parcel/it", "SING");
      return Object.keys(await shown(c));
    },
  },
  {
    id: "MG-08",
    sound: { transit: { place: "truck", border: "queued" } },
    faulty: { transit: { place: "warehouse", border: "queued" } },
    observe: async (c) => (await (await desiring(c, ["SEND", "LOAD", "HOLD"])).send("parcel/it", "RESUME")).body.state,
  },
  {
    id: "MG-10",
    sound: "weighing",
    faulty: { preparing: "open" },
    async observe(c) {
      await desiring(c, [], { delayMs: 1_400 });
      const version = (await c.admin("parcel/it")).body.machineVersion as { id: string };
      const desired = (await c.admin("parcel/it")).body.desiredMachineVersion as { id: string };
      const path = `/machines/${c.name("parcel")}/i/it/v`;
      await c.call("PUT", path, { targetMachineVersionId: version.id });
      const weighed = c.send("parcel/it", "WEIGH");
      await c.eventually(async () => (await c.get("parcel/it")).body.state === "weighing");
      await c.call("PUT", path, { targetMachineVersionId: desired.id });
      const sent = c.send("parcel/it", put);
      await c.eventually(async () => (await c.history("parcel/it")).includes("PUT"));
      const { state } = (await c.get("parcel/it")).body;
      await Promise.all([weighed, sent]);
      return state;
    },
  },
];

const status = async (answer: Promise<{ status: number }>) => (await answer).status;
const mappings = async (c: Client) => {
  const { idps } = (await c.call("GET", "/idps")).body as { idps: { aud?: string; mapping: JsonObject }[] };
  return idps.filter(({ aud }) => aud === c.name("aud")).map(({ mapping }) => mapping);
};

export const exchangeProbes: Probe[] = [
  {
    id: "TK-01",
    sound: [200, 400],
    faulty: [200, 200],
    observe: async (c) => [await status(exchange(c)), await status(subjectToken(c, "HS384"))],
  },
  {
    id: "TK-02",
    sound: [200, 400, 400],
    faulty: [200, 200, 200],
    async observe(c) {
      const first = await status(exchange(c));
      const strange = (claims: JsonObject) => status(subjectToken(c, "HS256", { claims }));
      return [first, await strange({ aud: "elsewhere" }), await strange({ iss: "somebody" })];
    },
  },
  {
    id: "TK-04",
    sound: [204, 400],
    faulty: [204, 200],
    async observe(c) {
      await exchange(c);
      const deletion = await c.call("DELETE", "/idps", { aud: c.name("aud"), iss: c.name("iss") });
      return [deletion.status, await status(subjectToken(c, "HS256"))];
    },
  },
  { id: "TK-06", sound: 400, faulty: 200, observe: (c) => status(exchange(c, { grantType: "password" })) },
  {
    id: "TK-07",
    sound: [false, 403],
    faulty: [true, 200],
    async observe(c) {
      await withLight(c);
      const token = String((await exchange(c)).body.access_token);
      decodeJwt(token);
      const isOwn = decodeProtectedHeader(token).kid === c.server.keyId;
      return [isOwn, await status(c.call("GET", "/machines", undefined, { token }))];
    },
  },
  {
    id: "TK-09",
    sound: [{ "sub.$": "$.email" }],
    faulty: [{ "sub.$": "$.sub" }],
    async observe(c) {
      await provide(c, { "sub.$": "$.sub" });
      await provide(c, { "sub.$": "$.email" });
      return mappings(c);
    },
  },
  {
    id: "TK-11",
    sound: 400,
    faulty: 200,
    async observe(c) {
      const { id } = (await c.call("POST", "/orgs", { name: c.name("org") })).body;
      await exchange(c);
      return status(subjectToken(c, "HS256", { orgId: String(id) }));
    },
  },
  {
    id: "TK-12",
    sound: 403,
    faulty: 200,
    async observe(c) {
      await withLight(c);
      const key = await newKey(c, { use: "production" });
      return status(c.call("GET", `/machines/${c.name("toggle")}/i/light/admin`, undefined, { key }));
    },
  },
];
