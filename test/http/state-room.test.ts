// What states may take of memory: one is put in at a time, none while it is short, snapshots have a limit, and what is written out is let go of.

import Fastify from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { registerStateControl } from "../../src/http/control-state.ts";
import { createStateControl, type StateControl } from "../../src/operations/state/control.ts";
import { createQuiet } from "../../src/operations/state/quiet.ts";
import { wallClock } from "../../src/outside.ts";
import { createMemoryShelf } from "../../src/store/memory-shelf.ts";
import { type SavedRow, StoreUnavailable } from "../../src/store/port.ts";
import type { Shelf } from "../../src/store/shelf.ts";
import { type AppRig, startAppRig } from "./app-rig.ts";

let rig: AppRig;
let state: StateControl;
let shelf: Shelf;
let isShort: () => boolean;
beforeEach(async () => {
  isShort = () => false;
  rig = await startAppRig();
  shelf = createMemoryShelf(wallClock);
  state = createStateControl({
    services: rig.services,
    quiet: createQuiet(),
    timeTravel: undefined,
    shelf,
    sources: () => ({ anew: (empty) => empty(async () => {}) }),
    isShortOfMemory: () => isShort(),
  });
});
afterEach(() => rig.close());

async function text(): Promise<string> {
  let all = "";
  for await (const piece of await state.export({ withCredentials: true })) all += piece;
  return all;
}

async function* chunks(document: string, gate: Promise<void> = Promise.resolve()): AsyncGenerator<Uint8Array> {
  yield Buffer.from(document.slice(0, 30));
  await gate;
  yield Buffer.from(document.slice(30));
}

test("one state is put in at a time, by whatever way; a reset isn't kept from it", async () => {
  const document = await text();
  await state.snapshots.save("kept");
  const gate = Promise.withResolvers<void>();
  const first = state.import(chunks(document, gate.promise));
  const refusal = { code: "unavailable", retryAfterSeconds: 1, message: expect.stringContaining("Another state") };
  await expect(state.import(chunks(document))).rejects.toMatchObject(refusal);
  await expect(state.snapshots.restore("kept")).rejects.toMatchObject(refusal);
  await state.reset();
  gate.resolve();
  await first;
  await expect(state.import(chunks("{}"))).rejects.toMatchObject({ code: "invalid-parameter" });
  await state.snapshots.restore("kept");
});

test("nothing is put in when memory is short, or becomes short meanwhile; a reset makes room", async () => {
  await rig.call("POST", "/machines", { body: { slug: "one" } });
  const [before, full] = [await text(), await text()];
  isShort = () => true;
  const refusal = { code: "unavailable", message: expect.stringMatching(/short of memory.*nothing was changed/) };
  await expect(state.import(chunks(full))).rejects.toMatchObject(refusal);
  let looks = 0;
  isShort = () => ++looks > 3;
  await expect(state.import(chunks(full))).rejects.toMatchObject(refusal);
  expect(await text()).toBe(before);
  isShort = () => true;
  await state.reset();
  expect(await text()).not.toBe(before);
});

test("snapshots in memory take so much together, and no more", async () => {
  const shelf = createMemoryShelf(wallClock, 10);
  async function* pieces(...all: string[]) {
    yield* all;
  }
  await shelf.put("a", pieces("123", "456"));
  await expect(shelf.put("b", pieces("123", "45"))).rejects.toThrow(StoreUnavailable);
  await shelf.put("b", pieces("1234"));
  await shelf.put("a", pieces("abcdef"));
  await expect(shelf.put("a", pieces("1234567"))).rejects.toThrow("more than the 10 bytes");
  expect(await shelf.list()).toMatchObject([
    { name: "a", bytes: 6 },
    { name: "b", bytes: 4 },
  ]);
  await shelf.delete("b");
  await shelf.put("c", pieces("1234"));
});

describe("what is written out is let go of", () => {
  let isHeld: boolean;
  const row: SavedRow = {
    kind: "log",
    scope: "org",
    name: "0",
    rev: 1,
    order: 1,
    rec: { orgId: "org", ts: 0, nr: 0, machine: "m", instance: "i", versionId: "v", outputType: "stdout", log: "line" },
  };
  beforeEach(() => {
    isHeld = false;
    // Without an end, and slow enough for others to have their turns.
    rig.store.saved = () => {
      isHeld = true;
      const rows = {
        next: async () => {
          await new Promise(setImmediate);
          return { done: false as const, value: row };
        },
        return: async () => {
          isHeld = false;
          return { done: true as const, value: undefined };
        },
      };
      return { [Symbol.asyncIterator]: () => rows };
    };
  });

  test("when nobody reads it, or only its beginning", async () => {
    const unread = await state.export({ withCredentials: false });
    expect(isHeld).toBe(true);
    await unread.return();
    expect(isHeld).toBe(false);
    for await (const _ of await state.export({ withCredentials: false })) break;
    expect(isHeld).toBe(false);
  });

  test("when it fails before the first row", async () => {
    const get = rig.store.get;
    const document = await state.export({ withCredentials: false });
    rig.store.get = () => Promise.reject(new StoreUnavailable("no more", true));
    await expect(document.next()).rejects.toThrow("no more");
    rig.store.get = get;
    expect(isHeld).toBe(false);
  });

  test("when a snapshot can't even be begun", async () => {
    shelf.put = () => Promise.reject(new StoreUnavailable("no room", false));
    await expect(state.snapshots.save("kept")).rejects.toThrow("no room");
    expect(isHeld).toBe(false);
  });

  test("when its reader goes away", async () => {
    const app = Fastify();
    registerStateControl(app, state);
    const url = await app.listen({ host: "127.0.0.1", port: 0 });
    try {
      const going = new AbortController();
      const response = await fetch(`${url}/_settle/state`, { signal: going.signal });
      expect((await response.body?.getReader().read())?.done).toBe(false);
      expect(isHeld).toBe(true);
      going.abort();
      await expect.poll(() => isHeld).toBe(false);
    } finally {
      await app.close();
    }
  });
});
