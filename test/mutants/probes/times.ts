// How the faults of durability and of timing show.

import type { Client } from "../client.ts";
import { machine, open, sendAll, withLight, withOne } from "./kit.ts";
import { type Probe, pause } from "./probe.ts";

const heard = async (c: Client) => ((await c.get("timed/it")).body.publicContext as { heard: string[] }).heard;
const isState = (c: Client, instance: string, state: string) => async () =>
  (await c.get(instance)).body.state === state;

export const durabilityProbes: Probe[] = [
  {
    id: "DU-01",
    sound: ["on", ["FLIP", "FLIP", "FLIP"]],
    faulty: ["on", ["FLIP"]],
    async observe(c) {
      await sendAll(await withLight(c), "toggle/light", ["FLIP", "FLIP", "FLIP"]);
      await c.server.restart();
      return [(await c.get("toggle/light")).body.state, await c.history("toggle/light")];
    },
  },
  {
    id: "DU-03",
    sound: "over",
    faulty: "waiting",
    async observe(c) {
      await (await withOne(c, "timed")).send("timed/it", "WAIT");
      await c.server.restart();
      await pause(1_200);
      return (await c.get("timed/it")).body.state;
    },
  },
  {
    id: "DU-04",
    sound: ["s"],
    faulty: ["s", "s"],
    async observe(c) {
      await (await withOne(c, "timed")).send("timed/it", "SET");
      await c.eventually(async () => (await heard(c)).length === 1);
      await c.server.restart();
      await c.eventually(async () => (await heard(c)).length === 2);
      return heard(c);
    },
  },
  {
    id: "DU-06",
    sound: ["boiling", ["BOIL"]],
    faulty: ["cold", []],
    async observe(c) {
      await withOne(c, "slow", { delayMs: 5_000 });
      void c.send("slow/it", "BOIL").catch(() => {});
      await c.eventually(isState(c, "slow/it", "boiling"));
      await c.server.restart();
      return [(await c.get("slow/it")).body.state, await c.history("slow/it")];
    },
  },
  {
    id: "DU-08",
    sound: true,
    faulty: false,
    async observe(c) {
      const before = Number((await (await withLight(c)).get("toggle/light")).body.ts);
      await c.server.restart();
      return Number((await c.get("toggle/light")).body.ts) >= before;
    },
  },
  {
    id: "DU-09",
    sound: ["paused", 409],
    faulty: ["running", 200],
    async observe(c) {
      await (await withLight(c)).pause("toggle/light");
      await c.server.restart();
      return [(await c.admin("toggle/light")).body.status, (await c.send("toggle/light", "FLIP")).status];
    },
  },
];

export const timingProbes: Probe[] = [
  {
    id: "TI-01",
    sound: ["hot", true],
    faulty: ["boiling", true],
    async observe(c) {
      const sent = await (await withOne(c, "slow")).send("slow/it", "BOIL");
      return [sent.body.state, await c.eventually(isState(c, "slow/it", "hot"))];
    },
  },
  {
    id: "TI-03",
    sound: [200, "boiling"],
    faulty: [504, "boiling"],
    async observe(c) {
      const { status } = await (await withOne(c, "slow", { delayMs: 5_000 })).send("slow/it", "BOIL");
      return [status, (await c.get("slow/it")).body.state];
    },
  },
  {
    id: "TI-04",
    sound: ["boiling", "dry"],
    faulty: ["boiling", "hot"],
    async observe(c) {
      const { body } = await (await withOne(c, "slow", { delayMs: 2_500 })).send("slow/it", "BOIL");
      await pause(2_000);
      return [body.state, (await c.send("slow/it", "NUDGE")).body.state];
    },
  },
  {
    id: "TI-06",
    sound: true,
    faulty: false,
    async observe(c) {
      const sent = await (await withOne(c, "timed")).send("timed/it", "WAIT");
      await pause(1_500);
      const { state, ts } = (await c.get("timed/it")).body;
      return state === "over" && Number(ts) - Number(sent.body.ts) < 1_300;
    },
  },
  {
    id: "TI-08",
    sound: "idle",
    faulty: "over",
    async observe(c) {
      await sendAll(await withOne(c, "timed"), "timed/it", ["WAIT", "STOP"]);
      await pause(1_300);
      return (await c.get("timed/it")).body.state;
    },
  },
  {
    id: "TI-09",
    sound: "far",
    faulty: "over",
    async observe(c) {
      const weeks = `{ initial: "far", states: { far: { after: { 2592000000: "over" } }, over: {} } }`;
      await c.publish("weeks", { code: machine(open, weeks) });
      await c.create("weeks/it");
      await pause(300);
      return (await c.get("weeks/it")).body.state;
    },
  },
  {
    id: "TI-11",
    sound: ["a", "b", "c"],
    faulty: ["b", "a", "c"],
    async observe(c) {
      await (await withOne(c, "timed")).send("timed/it", "QUEUE");
      await c.eventually(async () => (await heard(c)).length === 3);
      return heard(c);
    },
  },
];
