// How the faults of statecharts show.

import type { JsonObject } from "../../../src/domain/json.ts";
import { machine, open, sendAll, withLight, withOne } from "./kit.ts";
import type { Probe } from "./probe.ts";

const flips = (n: number) => Array<string>(n).fill("FLIP");
export const statechartProbes: Probe[] = [
  {
    id: "SM-01",
    sound: 200,
    faulty: 400,
    async observe(c) {
      await c.publish("named", {
        code: machine(open, `{ context: ({ input }) => ({ name: input.name ?? "nobody" }) }`),
      });
      return (await c.create("named/it")).status;
    },
  },
  {
    id: "SM-03",
    sound: 5,
    faulty: undefined,
    async observe(c) {
      const put = `{ context: { public: { n: 0 } }, on: { PUT: { actions: assign({ public: ({ event }) => ({ n: event.n }) }) } } }`;
      await c.publish("box", { code: machine(open, put) });
      await c.create("box/it");
      return ((await c.send("box/it", { type: "PUT", n: 5 })).body.publicContext as JsonObject).n;
    },
  },
  {
    id: "SM-05",
    sound: { a: "b" },
    faulty: "a.b",
    async observe(c) {
      await c.publish("deep", {
        code: machine(open, `{ initial: "a", states: { a: { initial: "b", states: { b: {} } } } }`),
      });
      await c.create("deep/it");
      return (await c.get("deep/it")).body.state;
    },
  },
  {
    id: "SM-06",
    sound: true,
    faulty: false,
    observe: async (c) => (await (await withLight(c)).send("toggle/light", "BREAK")).body.done,
  },
  {
    id: "SM-08",
    sound: ["shut", "shut"],
    faulty: ["open", "open"],
    async observe(c) {
      const states = (guard: string) =>
        `{ initial: "shut", states: { shut: { on: { PUSH: { target: "open", ${guard} } } }, open: {} } }`;
      await c.publish("five", { code: machine(open, states("guard: () => false")) });
      await c.publish("four", {
        code: machine(open, states("cond: () => false")).replace("npm:xstate@5", "npm:xstate"),
      });
      await c.create("five/it");
      await c.create("four/it");
      return [(await c.send("five/it", "PUSH")).body.state, (await c.send("four/it", "PUSH")).body.state];
    },
  },
  {
    id: "SM-10",
    sound: ["on", "on"],
    faulty: ["on", "off"],
    async observe(c) {
      const sent = await (await withLight(c)).send("toggle/light", "FLIP");
      return [sent.body.state, (await c.get("toggle/light")).body.state];
    },
  },
  {
    id: "SM-11",
    sound: [409, "paused"],
    faulty: [200, "paused"],
    async observe(c) {
      await (await withLight(c)).pause("toggle/light");
      const { status } = await c.send("toggle/light", "FLIP");
      return [status, (await c.admin("toggle/light")).body.status];
    },
  },
  {
    id: "SM-13",
    sound: { check: { engine: "hot", tank: "filling" } },
    faulty: { check: { engine: "cold", tank: "filling" } },
    observe: async (c) =>
      (await sendAll(await withOne(c, "nested"), "nested/it", ["WARM", "HALT", "RESUME"])).body.state,
  },
  {
    id: "SM-15",
    sound: [200, 200],
    faulty: [400, 200],
    async observe(c) {
      await withLight(c);
      return [(await c.send("toggle/light", "SING")).status, (await c.send("toggle/light", "FLIP")).status];
    },
  },
  {
    id: "SM-16",
    sound: ["left", "right"],
    faulty: ["left"],
    async observe(c) {
      const regions = `{ type: "parallel", states: { a: { tags: ["left"] }, b: { tags: ["right"] } } }`;
      await c.publish("pair", { code: machine(open, regions) });
      await c.create("pair/it");
      return (await c.send("pair/it", "GO")).body.tags;
    },
  },
  {
    id: "SM-18",
    sound: "old",
    faulty: "new",
    async observe(c) {
      const code = (to: string) =>
        machine(open, `{ initial: "here", states: { here: { on: { GO: "${to}" } }, old: {}, new: {} } }`);
      await c.publish("road", { code: code("old") });
      await c.create("road/it");
      await c.publish("road", { code: code("new") });
      return (await c.send("road/it", "GO")).body.state;
    },
  },
  {
    id: "SM-20",
    sound: [400, []],
    faulty: [400, ["ASSIGN"]],
    async observe(c) {
      const { status } = await (await withOne(c, "faulty")).send("faulty/it", "ASSIGN");
      return [status, await c.history("faulty/it")];
    },
  },
  {
    id: "SM-28",
    sound: [19, 20, 21],
    faulty: [19, 19, 20],
    async observe(c) {
      await withLight(c);
      const shown: unknown[] = [];
      await sendAll(c, "toggle/light", flips(18));
      for (const event of flips(3))
        shown.push(((await c.send("toggle/light", event)).body.publicContext as JsonObject).flips);
      return shown;
    },
  },
];
