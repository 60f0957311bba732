// How the faults of sockets and of pages show.

import type { JsonObject } from "../../../src/domain/json.ts";
import { type Frame, isError, isUpdate } from "../../http/socket.ts";
import type { Client } from "../client.ts";
import { machine, open, sendAll, withLight, withOne } from "./kit.ts";
import { type Probe, pause } from "./probe.ts";

/** A light, and a socket that has been told of it. */
async function watching(c: Client) {
  await withLight(c);
  const socket = await c.socket();
  socket.watch("r", "toggle/light");
  await socket.until(isUpdate);
  return socket;
}

const states = (frames: readonly Frame[]) => frames.filter(isUpdate).map(({ state }) => state);

export const realtimeProbes: Probe[] = [
  {
    id: "RT-01",
    sound: ["off", "on"],
    faulty: ["on"],
    async observe(c) {
      await withLight(c);
      const socket = await c.socket();
      socket.watch("r", "toggle/light");
      await socket.settled();
      await pause(100);
      await c.send("toggle/light", "FLIP");
      await socket.until(({ state }) => state === "on");
      return states(socket.frames);
    },
  },
  {
    id: "RT-02",
    sound: ["light"],
    faulty: ["light", "light1"],
    async observe(c) {
      const socket = await watching(c);
      await c.create("toggle/light1");
      await c.send("toggle/other", "FLIP");
      await socket.settled();
      return socket.frames.filter(isUpdate).map(({ machineInstanceName }) => machineInstanceName);
    },
  },
  {
    id: "RT-04",
    sound: ["off", "on", "off"],
    faulty: ["off", "off", "on"],
    async observe(c) {
      const socket = await watching(c);
      await pause(300);
      await Promise.all([1, 2].map(() => c.send("toggle/light", "FLIP")));
      await socket.until(isUpdate, 3);
      return states(socket.frames);
    },
  },
  {
    id: "RT-06",
    sound: 1,
    faulty: 2,
    async observe(c) {
      await withOne(c, "faulty");
      const socket = await c.socket();
      socket.watch("r", "faulty/it");
      await socket.until(isUpdate);
      await c.send("faulty/it", "ASSIGN");
      await socket.settled();
      return socket.frames.length;
    },
  },
  {
    id: "RT-07",
    sound: ["idle", "waiting", "over"],
    faulty: ["idle", "waiting"],
    async observe(c) {
      await withOne(c, "timed");
      const socket = await c.socket();
      socket.watch("r", "timed/it");
      await socket.until(isUpdate);
      await c.send("timed/it", "WAIT");
      await c.eventually(async () => (await c.get("timed/it")).body.state === "over");
      await socket.settled();
      return states(socket.frames);
    },
  },
  {
    id: "RT-09",
    sound: ["open", "open"],
    faulty: ["open", 1011],
    async observe(c) {
      const [one, other] = [await c.socket(), await c.socket()];
      one.send("no JSON");
      await one.until(isError);
      return Promise.all([one, other].map(({ closed }) => Promise.race([closed, pause(300).then(() => "open")])));
    },
  },
];

/** A machine with so many instances, `i000` and on. */
export async function withInstances(c: Client, count: number): Promise<string> {
  await c.publish("bare", { code: machine(open, "{}") });
  for (let at = 0; at < count; at++) await c.create(`bare/i${String(at).padStart(3, "0")}`);
  return `/machines/${c.name("bare")}/i`;
}

/** Follows cursors, for as many pages as given at most; `between` comes after the first. */
async function pages(c: Client, path: string, most: number, between?: () => Promise<unknown>): Promise<JsonObject[][]> {
  const all: JsonObject[][] = [];
  for (let cursor = ""; all.length < most; ) {
    const { body } = await c.call("GET", `${path}${cursor}`);
    all.push(Object.values(body).find(Array.isArray) as JsonObject[]);
    if (all.length === 1) await between?.();
    if (typeof body.cursor !== "string") break;
    cursor = `?cursor=${encodeURIComponent(body.cursor)}`;
  }
  return all;
}

const lengths = (all: unknown[][]) => all.map((page) => page.length);

export const paginationProbes: Probe[] = [
  {
    id: "PG-01",
    sound: [100, 3],
    faulty: [100, 2],
    observe: async (c) => lengths(await pages(c, await withInstances(c, 103), 5)),
  },
  {
    id: "PG-04",
    sound: [100, 1],
    faulty: [100, 100, 100],
    observe: async (c) => lengths(await pages(c, await withInstances(c, 101), 3)),
  },
  {
    id: "PG-06",
    sound: ["i100", "i101"],
    faulty: ["i101"],
    async observe(c) {
      const path = await withInstances(c, 102);
      const [, second = []] = await pages(c, path, 2, () => c.remove("bare/i005"));
      return second.map(({ slug }) => slug);
    },
  },
  {
    id: "PG-02",
    sound: [100, 2],
    faulty: [99, 2],
    observe: async (c) => lengths(await pages(c, await withEvents(c, 102), 3)),
  },
  {
    id: "PG-07",
    sound: [100, 101],
    faulty: [101, 100],
    async observe(c) {
      const [, second = []] = await pages(c, await withEvents(c, 102), 3);
      return second.map(({ event }) => (event as JsonObject).n);
    },
  },
  {
    id: "PG-09",
    sound: [1, 0],
    faulty: [1, 1],
    async observe(c) {
      const from = new Date(Date.now() - 1).toISOString();
      const say = `{ on: { SAY: { actions: () => console.log("said") } } }`;
      await c.publish("talker", { code: machine(open, say) });
      await c.create("talker/it");
      await c.send("talker/it", "SAY");
      const logs = async (after: unknown) =>
        (await c.call("GET", `/logs?from=${after}&machine=${c.name("talker")}`)).body;
      const first = await logs(from);
      const second = await logs(first.maxTimestamp);
      return [(first.logs as unknown[]).length, (second.logs as unknown[]).length];
    },
  },
];

/** A machine with one instance that got so many events, numbered by `n`. */
async function withEvents(c: Client, count: number): Promise<string> {
  await c.publish("bare", { code: machine(open, "{}") });
  await c.create("bare/it");
  await sendAll(
    c,
    "bare/it",
    Array.from({ length: count }, (_, n) => ({ type: "GO", n })),
  );
  return `/machines/${c.name("bare")}/i/it/events`;
}
