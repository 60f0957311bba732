// The lines between the server and the sandbox: newline-delimited, each `<address> <JSON>`, so that the runner forwards without parsing.
//
// A worker's address is its number; the runner's own is `@`. Everything a worker says is untrusted input: the server checks ids against
// what it asked and never acts on a name a worker made up.

import type { Json, JsonObject } from "../domain/json.ts";
import type { RunningChild, StateValue } from "../domain/records.ts";
import type { Explanation, FailureReason, MappedRequest, Position, Step, TimerRef } from "./port.ts";

/** Server → runner. */
export type ToRunner =
  /** The first line of all. Every line of the runner's begins with the secret, so that nothing else in its process can speak for it. */
  | { op: "begin"; secret: string }
  /** `isTraced`: it tells at every promise whose doing comes next, which costs time and is worth it where nobody could be blamed before. */
  | { op: "open"; worker: number; versionId: string; code: string; limits: Limits; isTraced: boolean }
  /** Nobody waits for this worker any more, until it is sent something. */
  | { op: "rest"; worker: number }
  | { op: "close"; worker: number }
  /** What time it is from here on for every machine, epoch milliseconds; never said where the clock is the real one. */
  | { op: "time"; now: number };

export interface Limits {
  cpuTimeoutMs: number;
  memoryBytes: number;
  contextBytes: number;
  /** Largest answer of a mapper, as JSON, and largest binary body in one. */
  mappedBytes: number;
  /** Whether it may connect to loopback and private addresses beside the public ones. */
  allowLocal: boolean;
}

/** Longest line a worker may send, in UTF-16 units; what is longer is a memory bomb on its way. */
export const maxLineLength = 40_000_000;

/** The culprit when a worker died of its module itself: whoever waits for it waits in vain. */
export const wholeWorker = -1;

/** Runner → server. `culprit` is the session or call that was computing when the worker died; 0 = none is known. */
export type FromRunner =
  | { t: "died"; worker: number; reason: "cpu-limit" | "memory-limit" | "crash"; culprit: number; message: string }
  /** The worker doesn't answer just now, and this is the session or call that keeps it (0 = none); then that it answers again. */
  | { t: "stuck"; worker: number; call: number }
  | { t: "moving"; worker: number }
  /** A worker that died is really gone; until then it may still take the runner with it. */
  | { t: "ended"; worker: number }
  /** A worker that died won't go for a while, whatever is done: nothing new should begin in this runner. */
  | { t: "stale"; versionId: string }
  | { t: "ready"; pid: number };

/** Server → worker. `id` numbers a call; `session` is the id of the call that opened the session. */
export type ToWorker =
  | { op: "inspect"; id: number }
  | { op: "inspect-migration"; id: number }
  /** Where does an instance of this version rest? */
  | { op: "locate"; id: number; state: StateValue; snapshot: Json }
  /** Where does this migration take it? */
  | { op: "migrate"; id: number; position: Position; timeoutMs: number }
  /** Each of `asks` is a call of its own: one reader of the same state. */
  | {
      op: "read";
      name: string;
      state: StateValue;
      context: JsonObject;
      timeoutMs: number;
      asks: { id: number; auth: Json }[];
    }
  | {
      op: "explain";
      id: number;
      name: string;
      state: StateValue;
      context: JsonObject;
      snapshot: Json;
      event: JsonObject;
      auth: Json;
      timeoutMs: number;
      withChart: boolean;
    }
  | { op: "map-request"; id: number; mapper: string; request: MappedRequest; timeoutMs: number }
  | {
      op: "map-response";
      id: number;
      mapper: string;
      reached: { state: StateValue; context: JsonObject; result: Json };
      timeoutMs: number;
    }
  | ({ op: "create"; id: number; context: JsonObject } & Opening & InWhoseName)
  | ({
      op: "event";
      id: number;
      event: JsonObject;
      timer?: TimerRef;
      state: StateValue;
      context: JsonObject;
      snapshot: Json;
      running: RunningChild[];
    } & Opening &
      InWhoseName)
  | ({ op: "arrive"; id: number; event: JsonObject; position: Position } & Opening & InWhoseName)
  | ({ op: "join"; id: number; session: number; event: JsonObject; timer?: TimerRef } & InWhoseName)
  | { op: "committed"; session: number; ok: boolean }
  /** Nobody keeps the session's steps any more: stop its children. */
  | { op: "end"; session: number };

/** What every session needs to know of its instance. */
interface Opening {
  name: string;
  hasParent: boolean;
  seed: string;
}

/** `ask`: whether the authorizer decides; else the service itself acts. */
interface InWhoseName {
  auth: Json;
  ask: boolean;
  timeoutMs: number;
}

/** Worker → server. */
export type FromWorker =
  | { t: "inspected"; id: number; ok: true; xstate: 4 | 5 }
  | { t: "inspected"; id: number; ok: false; reason: "invalid"; message: string }
  /** The answer to `inspect-migration` when there is nothing wrong with it. */
  | { t: "usable"; id: number }
  | { t: "located"; id: number; at: Omit<Position, "context"> }
  | { t: "migrated"; id: number; position: Position }
  | { t: "allowed"; id: number }
  | ({ t: "explained"; id: number } & Explanation)
  | { t: "rejected"; id: number; message?: string }
  /** What a mapper returned, as a JSON text: the server measures it before it reads it. `base64`: its body, when that is bytes. */
  | { t: "mapped"; id: number; json: string; base64?: string }
  /** There is no such mapper, or it maps no responses. */
  | { t: "absent"; id: number }
  | { t: "failed"; id: number; reason: FailureReason; message: string }
  /** The event's timer is no longer pending. */
  | { t: "void"; id: number }
  /** A joined session had ended before the event came: deliver it afresh. */
  | { t: "gone"; id: number }
  /** Must be durable before the session goes on; answered by `committed`. `turns` are the calls whose event is in it. */
  | { t: "commit"; session: number; turns: number[]; step: Step }
  /** One call's settle timeout passed while others keep the session going. */
  | { t: "elapsed"; id: number }
  /** The last word of every session; `step` (if any) still has to be made durable before the calls are answered. */
  | { t: "final"; session: number; calls: number[]; outcome: "settled" | "interrupted"; step?: Step }
  | { t: "log"; session: number; stream: "stdout" | "stderr"; text: string };
