// What the server believes of what a worker says: everything a worker of ours says, and nothing of another shape or size.

import { expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { isFromWorker } from "../../src/engine/from-worker.ts";

const limit = 1_000;
const isBelieved = (message: unknown) => isFromWorker(message, JSON.stringify(message), limit);

const event = { type: "E" };
const to = { machine: "m", instance: "i" };
const step: JsonObject = {
  state: { a: "b" },
  context: { n: 1 },
  tags: ["t"],
  done: false,
  output: null,
  snapshot: {},
  running: [{ id: "c", src: "s" }],
  rows: [{ event, state: "a" }],
  timers: [
    { id: "t", set: null },
    { id: "u", set: { mark: "m", delayMs: 5, event, to: "parent" } },
    { id: "v", set: { mark: "m", delayMs: 0, event } },
  ],
  posts: [
    { kind: "send", to, event },
    { kind: "spawn", id: "c", ...to, context: {}, versionId: "v" },
    { kind: "release", id: "c" },
  ],
  authContext: null,
};
const commit = { t: "commit", session: 1, turns: [1], step };

test.each<[string, Json]>([
  ["a commit", commit],
  ["a last word with a step", { t: "final", session: 1, calls: [1, 2], outcome: "settled", step }],
  ["a last word without one", { t: "final", session: 1, calls: [], outcome: "interrupted" }],
  ["a failure", { t: "failed", id: 1, reason: "machine-error", message: "oh" }],
  ["a line of output", { t: "log", session: 0, stream: "stderr", text: "oh" }],
])("%s is believed", (_what, message) => {
  expect(isBelieved(message)).toBe(true);
});

const deep = JSON.parse(`${"[".repeat(2_000)}${"]".repeat(2_000)}`) as Json;
const withStep = (part: JsonObject) => ({ ...commit, step: { ...step, ...part } });
test.each<[string, unknown]>([
  ["nothing", null],
  ["a list", [1]],
  ["no kind", { id: 1 }],
  ["nobody's", { t: "allowed" }],
  ["an id that is no number", { t: "allowed", id: "1" }],
  ["a number that is none", { ...commit, session: 1.5 }],
  ["a message that is no text", { t: "failed", id: 1, reason: "machine-error", message: { length: 1e9 } }],
  ["output on no stream", { t: "log", session: 1, stream: "stdin", text: "" }],
  ["output that is no text", { t: "log", session: 1, stream: "stdout", text: [] }],
  ["turns that are no list", { ...commit, turns: { 0: 1 } }],
  ["a commit of nothing", { ...commit, step: undefined }],
  ["a state of numbers", withStep({ state: 5 })],
  ["a context that is a list", withStep({ context: [] })],
  ["a context past the limit", withStep({ context: { x: "x".repeat(limit) } })],
  ["a context past the limit in bytes", withStep({ context: { x: "ä".repeat(limit / 2) } })],
  ["what nests too deep", withStep({ snapshot: deep })],
  ["an answer that does", { t: "explained", id: 1, outcome: deep }],
  ["tags that are numbers", withStep({ tags: [1] })],
  ["an end that is no yes or no", withStep({ done: "yes" })],
  ["a child without a source", withStep({ running: [{ id: "c" }] })],
  ["a row of an event without a type", withStep({ rows: [{ event: {}, state: "a" }] })],
  ["a timer that is never due", withStep({ timers: [{ id: "t", set: { mark: "m", delayMs: -1, event } }] })],
  ["a timer without a time", withStep({ timers: [{ id: "t", set: { mark: "m", delayMs: null, event } }] })],
  ["a timer for nobody", withStep({ timers: [{ id: "t", set: { mark: "m", delayMs: 1, event, to: "me" } }] })],
  ["a message to nobody", withStep({ posts: [{ kind: "send", to: { machine: "m" }, event }] })],
  ["a birth without a context", withStep({ posts: [{ kind: "spawn", id: "c", ...to, context: "x" }] })],
  ["a posting of another kind", withStep({ posts: [{ kind: "fetch", id: "c" }] })],
])("%s is not", (_what, message) => {
  expect(isBelieved(message)).toBe(false);
});
