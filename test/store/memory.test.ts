// The memory adapter against the port's suite.

import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { storeSuite } from "./suite.ts";
import { putBlob, putVersion, scope, version } from "./support.ts";

storeSuite("memory store", async () => {
  const store = createMemoryStore();
  return { store, reopen: async () => store, end: () => store.close() };
});

test("it is called as --store names it, and each one is its own", async () => {
  const [one, other] = [createMemoryStore(), createMemoryStore()];
  expect(one.location).toBe("memory:");
  const name = await putBlob(one, new Uint8Array([1, 2]));
  expect(await other.getBlob(name)).toBeNull();
});

test("code goes with everything that is replaced, unless the new records name it or somebody is about to", async () => {
  const store = createMemoryStore();
  const [one, two] = [await putVersion(store, "ver_1", "one"), await putVersion(store, "ver_2", "two")];
  await store.holdBlobs(async (put) => {
    const three = await put(Buffer.from("three"));
    await store.replaceAll([{ kind: "version", scope, name: "ver_2", rec: version("ver_2", two) }]);
    const kept = await Promise.all([one, two, three].map((sha256) => store.getBlob(sha256)));
    expect(kept.map((bytes) => bytes !== null)).toEqual([false, true, true]);
  });
});
