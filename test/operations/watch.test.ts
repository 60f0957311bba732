// One reader's view of one instance, turn by turn: what is asked, what is told, what is left out.

import { beforeEach, expect, test } from "vitest";
import { Problem } from "../../src/domain/problem.ts";
import type { Instance, State } from "../../src/domain/records.ts";
import type { Engine } from "../../src/engine/port.ts";
import type { Services } from "../../src/operations/services.ts";
import { createUpdates } from "../../src/operations/updates.ts";
import { Watch } from "../../src/operations/watch.ts";
import { createMemoryStore } from "../../src/store/memory.ts";

const names = { machine: "m", slug: "one" };
const caller = { orgId: "org", keyId: "sbk", authContext: { sub: "ada" } };
const state = (n: number): State => ({ ts: 0, state: String(n), tags: [], done: false });
const record = (n: number): Instance => ({
  orgId: "org",
  ...names,
  createdAt: 0,
  status: "running",
  versionId: "ver",
  state: state(n),
  context: {},
  snapshot: null,
  running: [],
  transitionCount: 0,
});

let services: Services;
/** What was asked and is not answered yet, oldest first. Without `isPatient` everything is allowed at once. */
let asked: { state: unknown; answer(kind: "allowed" | "rejected"): void }[];
let isPatient: boolean;
let told: unknown[];
let hasRoom: boolean;
let callers: number;
beforeEach(async () => {
  [asked, told, isPatient, hasRoom, callers] = [[], [], false, true, 0];
  const authorizeRead: Engine["authorizeRead"] = ({ state }) => {
    if (!isPatient) return Promise.resolve({ kind: "allowed" });
    const { promise, resolve } = Promise.withResolvers<{ kind: "allowed" } | { kind: "rejected" }>();
    asked.push({ state, answer: (kind) => resolve({ kind }) });
    return promise;
  };
  const store = createMemoryStore();
  const settings = { settleTimeoutMs: 1_000 };
  services = { store, updates: createUpdates(), engine: { authorizeRead }, settings } as unknown as Services;
  await put(0);
});

/** Stores a state; whether it is told is another matter. @returns its revision */
async function put(n: number): Promise<number> {
  const { store } = services;
  const rev = (await store.get("instance", "org/m", "one"))?.rev ?? 0;
  await store.commit([{ op: "put", kind: "instance", scope: "org/m", name: "one", rec: record(n), ifRev: rev }]);
  return rev + 1;
}
const publish = (n: number, rev: number) =>
  services.updates.publish(
    { orgId: "org", ...names },
    { kind: "state", rev, state: state(n), versionId: "ver", context: {} },
  );
const remove = () => services.updates.publish({ orgId: "org", ...names }, { kind: "deleted" });
const happen = async (...numbers: number[]) => {
  for (const n of numbers) publish(n, await put(n));
};

function watch(): Watch {
  return new Watch(services, names, {
    caller: async () => {
      callers++;
      return caller;
    },
    hasRoom: () => hasRoom,
    update: ({ state }) => void told.push(Number(state)),
    end: (reason) => void told.push(reason instanceof Problem ? reason.code : reason),
  });
}

/** Everything that waits for nothing but promises has happened. */
const quiet = () => new Promise((resolve) => setImmediate(resolve));

test("what is stored before it reads and told after that is told once", async () => {
  const rev = await put(1);
  watch();
  await quiet();
  publish(1, rev);
  await happen(2);
  await quiet();
  expect(told).toEqual([1, 2]);
});

test("what is told while it reads is neither lost nor told before the current state, nor after a newer one", async () => {
  const { store } = services;
  const { get } = store;
  const reading = Promise.withResolvers<void>();
  const isReading = Promise.withResolvers<void>();
  store.get = (async (...ref: Parameters<typeof get>) => {
    const found = await get.apply(store, ref);
    isReading.resolve();
    await reading.promise;
    return found;
  }) as typeof get;
  watch();
  await isReading.promise;
  store.get = get;
  await happen(1, 2);
  reading.resolve();
  await quiet();
  expect(told).toEqual([0, 1, 2]);
});

test("states are told in their order, in whatever order they are judged", async () => {
  isPatient = true;
  watch();
  await quiet();
  await happen(1, 2);
  expect(asked.map((ask) => ask.state)).toEqual(["0", "1", "2"]);
  for (const ask of asked.toReversed()) {
    expect(told).toEqual([]);
    ask.answer(ask.state === "2" ? "rejected" : "allowed");
    await quiet();
  }
  expect(told).toEqual([0, 1, "rejected-by-machine-authorizer"]);
});

test("the caller is looked at again before each state, and it ends with the first that is refused", async () => {
  isPatient = true;
  watch();
  await quiet();
  await happen(1, 2, 3);
  expect(callers).toBe(1);
  for (const [index, kind] of (["allowed", "allowed", "rejected", "allowed"] as const).entries())
    asked[index]?.answer(kind);
  await quiet();
  expect(told).toEqual([0, 1, "rejected-by-machine-authorizer"]);
  expect(callers).toBe(3);
  await happen(4);
  await quiet();
  expect(asked).toHaveLength(4);
});

test("past so many that wait for allowRead only the newest is asked about, when those are answered", async () => {
  isPatient = true;
  watch();
  await quiet();
  const numbers = Array.from({ length: 200 }, (_, index) => index + 1);
  await happen(...numbers);
  const waiting = asked.length;
  expect(waiting).toBeLessThan(50);
  isPatient = false;
  for (const ask of asked) ask.answer("allowed");
  await quiet();
  expect(told).toEqual([0, ...numbers.slice(0, waiting - 1), 200]);
});

test("without room nothing is asked or told but the newest, when there is room again", async () => {
  const watched = watch();
  await quiet();
  isPatient = true;
  await happen(1, 2, 3);
  hasRoom = false;
  // Its room ended while these were being asked about.
  for (const ask of asked) ask.answer("allowed");
  await quiet();
  await happen(4, 5);
  await quiet();
  expect(told).toEqual([0]);
  expect(asked).toHaveLength(3);
  isPatient = false;
  hasRoom = true;
  watched.resume();
  await quiet();
  expect(told).toEqual([0, 5]);
  await happen(6);
  await quiet();
  expect(told).toEqual([0, 5, 6]);
});

test("without room nothing is asked about to begin with", async () => {
  const watched = watch();
  await quiet();
  [isPatient, hasRoom] = [true, false];
  await happen(1, 2);
  await quiet();
  expect(asked).toEqual([]);
  hasRoom = true;
  watched.resume();
  expect(asked.map((ask) => ask.state)).toEqual(["2"]);
});

test("without room, what was too much to ask about is newer than what was asked about", async () => {
  isPatient = true;
  const watched = watch();
  await quiet();
  await happen(...Array.from({ length: 100 }, (_, index) => index + 1));
  [isPatient, hasRoom] = [false, false];
  for (const ask of asked) ask.answer("allowed");
  await quiet();
  hasRoom = true;
  watched.resume();
  await quiet();
  expect(told).toEqual([100]);
});

test("without room, and without anything newer, the last that was asked about is the newest", async () => {
  const watched = watch();
  await quiet();
  isPatient = true;
  await happen(1, 2, 3);
  hasRoom = false;
  for (const ask of asked) ask.answer("allowed");
  await quiet();
  [isPatient, hasRoom] = [false, true];
  watched.resume();
  await quiet();
  expect(told).toEqual([0, 3]);
});

test.each([true, false])(
  "a deletion is told last of all (with room: %s), and what follows is another instance",
  async (room) => {
    const watched = watch();
    await quiet();
    hasRoom = room;
    await happen(1);
    remove();
    publish(7, 1);
    publish(8, 99);
    await quiet();
    hasRoom = true;
    watched.resume();
    await quiet();
    expect(told).toEqual(room ? [0, 1, "not-found"] : [0, "not-found"]);
  },
);

test("one that was stopped is told nothing more, and asks nothing", async () => {
  isPatient = true;
  const watched = watch();
  await quiet();
  watched.stop();
  asked[0]?.answer("allowed");
  await happen(1);
  await quiet();
  expect(told).toEqual([]);
  expect(asked).toHaveLength(1);
});
