// When a worker that computes nothing and says nothing is given up: after a call's own timeout, and some time.

import { expect, test } from "vitest";
import { PoolWorker } from "../../src/engine/pool-worker.ts";
import type { ToWorker } from "../../src/engine/protocol.ts";
import type { Runner } from "../../src/engine/runners.ts";

const message: ToWorker = {
  op: "migrate",
  id: 7,
  timeoutMs: 10_000,
  position: { active: [], remembered: [], context: {} },
};
const listener = { onMessage: () => {}, onDeath: () => {} };

function workerWith(isOwed?: () => boolean): PoolWorker {
  const runner: Pick<Runner, "send"> = { send: () => {} };
  const rounds = { now: 0, ms: 1_000 };
  const worker = new PoolWorker({
    versionId: "v",
    number: 1,
    runner: runner as Runner,
    rounds,
    memoryBytes: 1e8,
    onVacant: () => {},
  });
  worker.call(7, message, isOwed ? { ...listener, isOwed } : listener);
  return worker;
}

test("its timeout and fifteen seconds later", () => {
  const worker = workerWith();
  expect([worker.overdue(25), worker.overdue(26)]).toEqual([undefined, [7, message]]);
});

test("not while it speaks of other things", () => {
  const worker = workerWith();
  worker.heard = 20;
  expect([worker.overdue(35), worker.overdue(36)]).toEqual([undefined, [7, message]]);
});

test("not while it is the server's turn, nor once it has answered", () => {
  expect(workerWith(() => false).overdue(1_000)).toBeUndefined();
  const worker = workerWith();
  worker.release(7);
  expect(worker.overdue(1_000)).toBeUndefined();
});
