// How the faults of records and of concurrency show.

import type { JsonObject } from "../../../src/domain/json.ts";
import { machine, open, sendAll, withLight, withOne } from "./kit.ts";
import { type Probe, pause } from "./probe.ts";

const slugs = (body: JsonObject) => (body.instances as { slug: string }[]).map(({ slug }) => slug);

export const recordsProbes: Probe[] = [
  {
    id: "SM-21",
    sound: [["b"], ["a"], ["b"]],
    faulty: [["a", "b"], ["a", "b"], ["b"]],
    async observe(c) {
      await c.publish("paint", { indexes: ["color"], indexSelectors: { color: "$.color" } });
      await c.create("paint/a", { color: "blue" });
      await c.create("paint/b", { color: "red" });
      const query = (asked: string) => c.call("GET", `/machines/${c.name("paint")}/indexes/color/query?${asked}`);
      const asked = ["op=gt&value=blue", "op=lt&value=red", "op=gte&value=red"];
      return Promise.all(asked.map(async (one) => slugs((await query(one)).body)));
    },
  },
  {
    id: "SM-23",
    sound: ["red"],
    faulty: ["blue"],
    async observe(c) {
      await c.publish("paint", { indexes: ["color"], indexSelectors: { color: "$.color" } });
      await c.create("paint/a", { color: "blue" });
      await c.send("paint/a", { type: "PAINT", color: "red" });
      const { body } = await c.call("GET", `/machines/${c.name("paint")}/indexes/color/query`);
      return (body.instances as { indexValue: string }[]).map(({ indexValue }) => indexValue);
    },
  },
  {
    id: "SM-25",
    sound: [204, 404, "off"],
    faulty: [204, 200, "off"],
    async observe(c) {
      const { status } = await (await withLight(c)).remove("toggle/light");
      const read = await c.get("toggle/light");
      await c.create("toggle/light");
      return [status, read.status, (await c.get("toggle/light")).body.state];
    },
  },
  {
    id: "SM-26",
    sound: [[], ["SING"]],
    faulty: [["FLIP"], ["FLIP", "SING"]],
    async observe(c) {
      await (await withLight(c)).send("toggle/light", "FLIP");
      await c.remove("toggle/light");
      await c.create("toggle/light");
      const first = await c.history("toggle/light");
      await c.send("toggle/light", "SING");
      return [first, await c.history("toggle/light")];
    },
  },
  {
    id: "SM-30",
    sound: [200, true],
    faulty: [500, undefined],
    async observe(c) {
      const handler = `handler: () => ({ machineInstanceName: "it", event: { type: "GO" }, authContext: {}, initialContext: {} })`;
      const mapper = `${open} export const httpApiMapper = { bad: { ${handler}, responseMapper: () => { throw new Error("no"); } } };`;
      await c.publish("mapped", { code: machine(mapper, "{}") });
      const { status, body } = await c.call("POST", `/http-api/${c.server.orgId}/machines/${c.name("mapped")}/bad`, {});
      return [status, body.ok];
    },
  },
  {
    id: "SM-31",
    sound: [1, 0],
    faulty: [2, 2],
    async observe(c) {
      const from = new Date(Date.now() - 1).toISOString();
      const say = `{ on: { SAY: { actions: () => console.log("said") } } }`;
      await c.publish("talker", { code: machine(open, say) });
      for (const name of ["a", "b"]) await c.create(`talker/${name}`);
      for (const name of ["a", "b"]) await c.send(`talker/${name}`, "SAY");
      const logs = async (query: string) => {
        const { body } = await c.call("GET", `/logs?from=${from}&machine=${c.name("talker")}${query}`);
        return (body.logs as unknown[]).length;
      };
      return [await logs("&instance=a"), await logs(`&to=${from}`)];
    },
  },
  {
    id: "SM-33",
    sound: ["FLIP", "SING", "BREAK"],
    faulty: ["SING", "FLIP", "BREAK"],
    async observe(c) {
      await sendAll(await withLight(c), "toggle/light", ["FLIP", "SING", "BREAK"]);
      return c.history("toggle/light");
    },
  },
];

export const concurrencyProbes: Probe[] = [
  {
    id: "CC-02",
    sound: [200, 409, 409],
    faulty: [200, 200, 200],
    async observe(c) {
      await c.publish("toggle");
      const all = await Promise.all([1, 2, 3].map(() => c.create("toggle/a")));
      return all.map(({ status }) => status).sort();
    },
  },
  {
    id: "CC-03",
    sound: [409, 204, 404],
    faulty: [200, 204, 200],
    async observe(c) {
      await withOne(c, "slow", { delayMs: 400 });
      const sent = c.send("slow/it", "BOIL");
      await c.eventually(async () => (await c.get("slow/it")).body.state === "boiling");
      const removed = await c.remove("slow/it");
      return [(await sent).status, removed.status, (await c.get("slow/it")).status];
    },
  },
  {
    id: "CC-05",
    sound: [true, true],
    faulty: [true, false],
    async observe(c) {
      const echo = `{ context: { public: {} }, on: { SAY: { actions: assign({ public: ({ event }) => ({ n: event.n }) }) } } }`;
      await c.publish("echo", { code: machine(open, echo) });
      const names = ["a", "b", "c", "d"];
      for (const name of names) await c.create(`echo/${name}`);
      const isOwn = async (name: string) =>
        ((await c.send(`echo/${name}`, { type: "SAY", n: name })).body.publicContext as JsonObject).n === name;
      const alone = await isOwn("a");
      return [alone, (await Promise.all(names.map(isOwn))).every(Boolean)];
    },
  },
  {
    id: "CC-07",
    sound: ["told", "told"],
    faulty: ["late", "late"],
    async observe(c) {
      // Each is asked to tell the other one, at the same time; again, as one may be done before the other begins.
      await c.publish("kid");
      await c.publish("family");
      await c.create("family/it");
      await c.send("family/it", { type: "SPAWN", name: "kid", nickname: "k" });
      await c.eventually(async () => (await c.get("kid/kid")).status === 200);
      const both = () => {
        const late = pause(1_500).then(() => "late");
        const told = [
          c.send("family/it", { type: "TELL", what: { type: "ADD", n: 1 } }),
          c.send("kid/kid", { type: "ADD", n: 2 }),
        ];
        return Promise.all(told.map((one) => Promise.race([one.then(() => "told"), late])));
      };
      for (let tries = 1; ; tries++) {
        const heard = await both();
        if (tries === 10 || heard.includes("late")) return heard;
      }
    },
  },
  {
    id: "CC-08",
    sound: 409,
    faulty: 200,
    async observe(c) {
      await (await withLight(c)).pause("toggle/light");
      return (await c.send("toggle/light", "FLIP")).status;
    },
  },
];
