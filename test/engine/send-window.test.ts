// How much of what is asked of a worker is under way at a time, and what lets the rest come after.

import { expect, test } from "vitest";
import { PoolWorker } from "../../src/engine/pool-worker.ts";
import type { ToWorker } from "../../src/engine/protocol.ts";
import type { Runner } from "../../src/engine/runners.ts";

const listener = { onMessage: () => {}, onDeath: () => {} };

/** Its window is as long as two of the lines of `asked`. */
function workerWith({ stuck = false } = {}) {
  const sent: unknown[] = [];
  const send = (_: number, json: string) => {
    const message = JSON.parse(json) as ToWorker;
    sent.push("id" in message ? message.id : message.op);
  };
  const runner = { send, stuck: new Map(stuck ? [[1, 0]] : []) } as unknown as Runner;
  const worker = new PoolWorker({
    versionId: "v",
    number: 1,
    runner,
    rounds: { now: 0, ms: 1_000 },
    memoryBytes: 32 * 1_500,
    onVacant: () => {},
  });
  const ask = (...ids: number[]) => {
    for (const id of ids) worker.call(id, asked(id, 1_000), listener);
  };
  return { worker, sent, ask };
}

function asked(id: number, length: number): Extract<ToWorker, { op: "locate" }> {
  return { op: "locate", id, state: "x".repeat(length), snapshot: null };
}

test("what is more waits, and goes in its turn when another was answered", () => {
  const { worker, sent, ask } = workerWith();
  ask(1, 2, 3, 4, 5);
  expect(sent).toEqual([1, 2]);
  worker.release(2);
  expect(sent).toEqual([1, 2, 3]);
  worker.release(1);
  worker.release(3);
  expect(sent).toEqual([1, 2, 3, 4, 5]);
});

test("one that is longer than all that may be under way goes alone", () => {
  const { worker, sent, ask } = workerWith();
  worker.call(1, asked(1, 100_000), listener);
  ask(2);
  expect(sent).toEqual([1]);
  worker.release(1);
  expect(sent).toEqual([1, 2]);
});

test("one whose event is stored makes room, though its session goes on", () => {
  const { worker, sent, ask } = workerWith();
  ask(1, 2, 3);
  worker.land(1);
  expect(sent).toEqual([1, 2, 3]);
  worker.release(1); // counts once
  ask(4);
  expect(sent).toEqual([1, 2, 3]);
});

test("a running session hears of its commits and of its end at once", () => {
  const { worker, sent, ask } = workerWith();
  ask(1, 2, 3);
  worker.send({ op: "committed", session: 1, ok: true });
  worker.send({ op: "end", session: 1 });
  expect(sent).toEqual([1, 2, "committed", "end"]);
});

test("one that is given up before its turn is never sent", () => {
  const { worker, sent, ask } = workerWith();
  ask(1, 2, 3, 4);
  worker.release(3);
  worker.release(1);
  expect(sent).toEqual([1, 2, 4]);
});

test("readers of one state are under way until all are answered", () => {
  const { worker, sent, ask } = workerWith();
  const asks = [1, 2].map((id) => ({ id, auth: null }));
  const message: ToWorker = { op: "read", name: "a", state: "x".repeat(2_000), context: {}, timeoutMs: 1, asks };
  for (const { id } of asks) worker.listen(id, message, listener);
  worker.send(message);
  ask(3);
  worker.release(1);
  expect(sent).toEqual(["read"]);
  worker.release(2);
  expect(sent).toEqual(["read", 3]);
});

test("when none of it comes to anything it may be waiting for what waits: that goes too", () => {
  const { worker, sent, ask } = workerWith();
  ask(1, 2, 3, 4, 5);
  worker.lookAtWindow();
  worker.release(1);
  worker.lookAtWindow();
  expect(sent).toEqual([1, 2, 3]);
  worker.lookAtWindow();
  expect(sent).toEqual([1, 2, 3, 4, 5]);
  ask(6);
  // Those that were given up count no more when they come back after all.
  for (const id of [2, 3]) worker.release(id);
  expect(sent).toEqual([1, 2, 3, 4, 5]);
  worker.release(4);
  expect(sent).toEqual([1, 2, 3, 4, 5, 6]);
});

test("not while the worker computes", () => {
  const { worker, sent, ask } = workerWith({ stuck: true });
  ask(1, 2, 3);
  for (let n = 0; n < 10; n++) worker.lookAtWindow();
  expect(sent).toEqual([1, 2]);
});

test("when the worker ends, those that it never heard of are told apart", () => {
  const { worker, ask } = workerWith();
  ask(1, 2, 3);
  expect(worker.end().map(([id, { unsent }]) => [id, unsent])).toEqual([
    [1, false],
    [2, false],
    [3, true],
  ]);
});
