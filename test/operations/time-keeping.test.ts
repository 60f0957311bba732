// What is due waits while the server is held still.

import { expect, test, vi } from "vitest";
import { createManualClock } from "../../src/domain/manual-clock.ts";
import type { Services } from "../../src/operations/services.ts";
import { createQuiet } from "../../src/operations/state/quiet.ts";
import { createTimeKeeping } from "../../src/operations/time-keeping.ts";
import { newWork, workScope } from "../../src/operations/works.ts";
import { systemEntropy } from "../../src/outside.ts";
import { createMemoryStore } from "../../src/store/memory.ts";

test("a work that falls due while the server is held still is tried when it goes on", async () => {
  const store = createMemoryStore();
  const clock = createManualClock(1_000);
  const receiver = { orgId: "org", machine: "m", slug: "nobody" };
  const task = {
    kind: "message" as const,
    from: { machine: "m", instance: "x" },
    event: { type: "GO" },
    authContext: {},
  };
  const due = newWork({ entropy: systemEntropy }, receiver, 1_000, task);
  await store.commit([due]);
  // It comes to nothing, since nobody is there to receive it: that needs the store alone.
  const services = { store, clock, logs: { keep() {} } } as unknown as Services;
  const quiet = createQuiet();
  const goOn = await quiet.hold();
  const keeping = createTimeKeeping(services, { alarm: clock, retryDelayMs: 500, isStrict: false, quiet });
  keeping.start();
  const tries = async () => (await store.list("work", workScope(receiver), 0, 10)).items.map(({ rec }) => rec.tries);
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(await tries()).toEqual([0]);
  goOn();
  await vi.waitFor(async () => expect(await tries()).toEqual([1]));
  // Nothing is in hand any more: it can be held again.
  (await quiet.hold())();
  keeping.stop();
  await store.close();
});
