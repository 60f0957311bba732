// The memory adapter against the port's suite.

import { expect, test } from "vitest";
import { createMemoryStore } from "../../src/store/memory.ts";
import { storeSuite } from "./suite.ts";

storeSuite("memory store", async () => {
  const store = createMemoryStore();
  return { store, reopen: async () => store, end: () => store.close() };
});

test("it is called as --store names it, and each one is its own", async () => {
  const [one, other] = [createMemoryStore(), createMemoryStore()];
  expect(one.location).toBe("memory:");
  const name = await one.putBlob(new Uint8Array([1, 2]));
  expect(await other.getBlob(name)).toBeNull();
});
