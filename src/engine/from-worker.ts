// Whether what came from a worker is what a worker of ours says: machine code may have broken out of its own and speak in its name.

import { isJsonObject, jsonDepth } from "../domain/json.ts";
import type { FromWorker } from "./protocol.ts";

/** Deepest nesting of a whole message: a context's deepest, and some levels around it. */
const maxDepth = 1_024;

/**
 * Judges shapes and sizes, not meaning: a worker may lie about its own instances, whose code it runs anyway.
 * @param line the message's text
 */
export function isFromWorker(message: unknown, line: string, contextBytes: number): message is FromWorker {
  if (!isJsonObject(message) || typeof message.t !== "string") return false;
  // A level takes two characters, so that short lines need no counting.
  if (line.length > 2 * maxDepth && jsonDepth(line) > maxDepth) return false;
  const { id, session, step, turns = [], calls = [], reason = "", message: said = "", text = "" } = message;
  if (!isNumber(id ?? session) || ![reason, said, text].every(isText)) return false;
  if (!isListOf(turns, isNumber) || !isListOf(calls, isNumber)) return false;
  if (message.t === "commit" || step !== undefined) return isStep(step, line, contextBytes);
  return message.t !== "log" || message.stream === "stdout" || message.stream === "stderr";
}

function isStep(step: unknown, line: string, contextBytes: number): boolean {
  if (!isJsonObject(step)) return false;
  const { state, context, tags, done, running, rows, timers, posts } = step;
  return (
    isStateValue(state) &&
    isJsonObject(context) &&
    (Buffer.byteLength(line) <= contextBytes || Buffer.byteLength(JSON.stringify(context)) <= contextBytes) &&
    isListOf(tags, isText) &&
    typeof done === "boolean" &&
    isListOf(running, (child) => isJsonObject(child) && isText(child.id) && isText(child.src)) &&
    isListOf(rows, (row) => isJsonObject(row) && isEvent(row.event) && isStateValue(row.state)) &&
    isListOf(timers, isTimerChange) &&
    isListOf(posts, isPosting)
  );
}

function isTimerChange(change: unknown): boolean {
  if (!isJsonObject(change) || !isText(change.id)) return false;
  const { set } = change;
  if (set === null) return true;
  if (!isJsonObject(set) || !isText(set.mark) || !isEvent(set.event)) return false;
  return isNumber(set.delayMs) && Number(set.delayMs) >= 0 && (set.to === undefined || isAddressee(set.to));
}

function isPosting(post: unknown): boolean {
  if (!isJsonObject(post)) return false;
  if (post.kind === "send") return isAddressee(post.to) && isEvent(post.event);
  if (!isText(post.id)) return false;
  if (post.kind !== "spawn") return post.kind === "release";
  return isAddress(post) && isJsonObject(post.context) && isText(post.versionId ?? "");
}

function isAddressee(to: unknown): boolean {
  return to === "parent" || isAddress(to);
}

function isAddress(address: unknown): boolean {
  return isJsonObject(address) && isText(address.machine) && isText(address.instance);
}

function isEvent(value: unknown): boolean {
  return isJsonObject(value) && isText(value.type);
}

function isStateValue(value: unknown): boolean {
  return isText(value) || isJsonObject(value);
}

function isListOf(value: unknown, isOne: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isNumber(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}
