// What states that are put in and kept may take of memory: one at a time, none while memory is short, and snapshots in memory up to a limit.

import { afterEach, beforeEach, expect, test } from "vitest";
import { createStateControl, type StateControl } from "../../src/operations/state/control.ts";
import { createQuiet } from "../../src/operations/state/quiet.ts";
import { wallClock } from "../../src/outside.ts";
import { createMemoryShelf } from "../../src/store/memory-shelf.ts";
import { StoreUnavailable } from "../../src/store/port.ts";
import { type AppRig, startAppRig } from "./app-rig.ts";

let rig: AppRig;
let state: StateControl;
let isShort: () => boolean;
beforeEach(async () => {
  isShort = () => false;
  rig = await startAppRig();
  state = createStateControl({
    services: rig.services,
    quiet: createQuiet(),
    timeTravel: undefined,
    shelf: createMemoryShelf(wallClock),
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
