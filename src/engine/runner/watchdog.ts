// Watches the workers' event loops and memory: one that doesn't answer a ping within the CPU timeout, or holds too much, is reported.

import type { Worker } from "node:worker_threads";
import type { Limits } from "../protocol.ts";
import { Unseen } from "./unseen.ts";

export interface Verdict {
  reason: "cpu-limit" | "memory-limit" | "crash";
  message: string;
}

export interface WatchdogEvents {
  condemn(worker: number, verdict: Verdict): void;
  /** It has not answered for a while; `call` is the session or call that it computes for, as far as it said. */
  onStuck(worker: number, call: number): void;
  onMoving(worker: number): void;
}

/** What is known of a worker. */
export interface Watched {
  worker: Worker;
  /** Shared with it: the call that it computes for, the last ping it answered, and how many lines it has begun with. */
  beat: Int32Array;
  limits: Limits;
  /** Of the lines, at the last look. */
  begun: number;
  /** Number of the ping the worker still owes an answer to; 0 = none. */
  owed: number;
  silentMs: number;
  stuck: boolean;
  /** Looks left until it is looked at more rarely; set anew by every message to it. */
  attention: number;
  measuring: boolean;
  /** Bytes of its heap and of what the heap keeps outside itself, when last measured. */
  held: number;
  /** The span of its rest that is under judgement; undefined while somebody waits for it. */
  rest: Rest | undefined;
}

interface Rest {
  sinceMs: number;
  /** Of its event loop, when the span began. */
  activeMs: number;
  /** Processor time it had computed for by then; undefined where the span before gave no reason to ask. */
  computedMs: number | undefined;
}

const periodMs = 25;
/** Each look counts for at most this long: a process that was stopped, or a machine asleep, is no reason to end anybody. */
const longestLookMs = 100;
/** A ping unanswered for so long makes a worker stuck. */
const stuckMs = 60;
/** A worker nobody talks to is looked at as closely for this many looks, then only every `calmLooks`th: its own timers may be running. */
const attentionLooks = 400;
const calmLooks = 20;
/** A worker for which nobody waits may have something to do for no more than this share of the time, judged after so long. */
const restShare = 0.5;
const restMs = 3_000;
/**
 * That alone says nothing on a machine that is starved: whoever waits for a processor or a page of memory has something to do as well. So it
 * must have computed for this share of the time too: ten times what an idle one takes to answer us, and what a busy one gets on any machine.
 */
const computedShare = 0.1;

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

export class Watchdog {
  readonly #watched = new Map<number, Watched>();
  readonly #events: WatchdogEvents;
  readonly #unseen = new Unseen();
  #pings = 0;
  #looks = 0;
  #lookedAt = performance.now();

  constructor(events: WatchdogEvents) {
    this.#events = events;
    setInterval(() => this.#look(), periodMs).unref();
  }

  watch(number: number, worker: Worker, beat: Int32Array, limits: Limits): void {
    this.#watched.set(number, {
      worker,
      beat,
      limits,
      begun: 0,
      owed: 0,
      silentMs: 0,
      stuck: false,
      attention: attentionLooks,
      measuring: false,
      held: 0,
      rest: undefined,
    });
  }

  /** Something was sent to this worker. */
  stir(number: number): void {
    const watched = this.#watched.get(number);
    if (!watched) return;
    watched.attention = attentionLooks;
    watched.rest = undefined;
  }

  /** Nobody waits for it any more. */
  rest(number: number): void {
    const watched = this.#watched.get(number);
    if (watched) watched.rest = { sinceMs: this.#lookedAt, activeMs: activeMsOf(watched), computedMs: undefined };
  }

  /** It was told to end. */
  forget(number: number): void {
    this.#watched.delete(number);
    this.#unseen.forget(number);
  }

  /** One that was told to end has ended. */
  settle(): void {
    this.#unseen.settle(this.#watched, performance.now());
  }

  #look(): void {
    const now = performance.now();
    const elapsedMs = Math.min(now - this.#lookedAt, longestLookMs);
    this.#lookedAt = now;
    this.#looks++;
    let attentive = this.#looks % calmLooks === 0;
    for (const [number, watched] of this.#watched) {
      attentive ||= watched.attention > 0;
      this.#checkLoop(number, watched, elapsedMs);
      if (watched.attention > 0) watched.attention--;
      else if (watched.owed === 0 && (this.#looks + number) % calmLooks !== 0) continue;
      void this.#checkHeap(number, watched);
      this.#checkRest(number, watched, now);
    }
    const hog = attentive ? this.#unseen.look(this.#watched, now) : null;
    if (hog) this.#condemnFor(hog.worker, hog.bytes, hog.limit, "outside its heap");
  }

  #checkLoop(number: number, watched: Watched, elapsedMs: number): void {
    const { worker, beat, limits } = watched;
    if (Atomics.load(beat, 1) === 0) return; // still starting; it says -1 when machine code begins
    if (watched.owed !== 0 && Atomics.load(beat, 1) === watched.owed) {
      watched.owed = 0;
      this.#moveOn(number, watched, Atomics.load(beat, 2));
    }
    if (watched.owed === 0) {
      if (watched.attention === 0 && (this.#looks + number) % calmLooks !== 0) return;
      this.#pings = (this.#pings % 0x3fffffff) + 1;
      watched.owed = this.#pings;
      watched.silentMs = 0;
      worker.postMessage(watched.owed);
      return;
    }
    const begun = Atomics.load(beat, 2);
    // Pings come after all the lines that it has: with the next of them it is another call's time that runs.
    if (begun !== watched.begun) this.#moveOn(number, watched, begun);
    else watched.silentMs += elapsedMs;
    if (!watched.stuck && watched.silentMs > stuckMs) {
      watched.stuck = true;
      this.#events.onStuck(number, Atomics.load(beat, 0));
    }
    if (watched.silentMs <= limits.cpuTimeoutMs) return;
    this.#events.condemn(number, {
      reason: "cpu-limit",
      message: `it computed for more than ${limits.cpuTimeoutMs} ms without yielding`,
    });
  }

  #moveOn(number: number, watched: Watched, begun: number): void {
    watched.begun = begun;
    watched.silentMs = 0;
    if (watched.stuck) this.#events.onMoving(number);
    watched.stuck = false;
  }

  /** Answers even while the worker loops; not while it is inside one long native call, for which the heap cap and `Unseen` are there. */
  async #checkHeap(number: number, watched: Watched): Promise<void> {
    if (watched.measuring) return;
    watched.measuring = true;
    try {
      const heap = await watched.worker.getHeapStatistics();
      watched.held = Math.max(heap.total_physical_size, heap.used_heap_size) + heap.external_memory;
      const held = heap.used_heap_size + heap.external_memory;
      const limit = watched.limits.memoryBytes;
      if (held > limit && this.#watched.get(number) === watched) this.#condemnFor(number, held, limit, "");
    } catch {
      // The worker ended in the meantime; its exit is reported elsewhere.
    } finally {
      watched.measuring = false;
    }
  }

  #condemnFor(worker: number, held: number, limit: number, where: string): void {
    this.#events.condemn(worker, {
      reason: "memory-limit",
      message: `it held ${megabytes(held)} MB${where && ` ${where}`}, and the limit is ${megabytes(limit)} MB`,
    });
  }

  /** Whoever computes on and on, yielding now and then, is no loop; but it takes the time from others for nobody's sake. */
  #checkRest(number: number, watched: Watched, now: number): void {
    const { rest } = watched;
    if (!rest || now - rest.sinceMs < restMs) return;
    const activeMs = activeMsOf(watched);
    const isActive = activeMs - rest.activeMs > restShare * (now - rest.sinceMs);
    watched.rest = { sinceMs: now, activeMs, computedMs: undefined };
    // One that rests is not woken for the question.
    if (isActive) void this.#checkComputed(number, watched, rest, watched.rest);
  }

  /** @param next the span that begins; whoever is stirred, or ended, before the answer comes has another */
  async #checkComputed(number: number, watched: Watched, rest: Rest, next: Rest): Promise<void> {
    let computedMs: number;
    try {
      // The system's part is left out: it is spent on pages of memory as well, for whoever touches them when there are too few.
      computedMs = (await watched.worker.cpuUsage()).user / 1_000;
    } catch {
      return; // it ended in the meantime, or this system doesn't tell
    }
    if (watched.rest !== next || this.#watched.get(number) !== watched) return;
    next.computedMs = computedMs;
    // The answer's way counts as time, not as computing.
    if (computedMs - (rest.computedMs ?? computedMs) <= computedShare * (performance.now() - rest.sinceMs)) return;
    this.#events.condemn(number, { reason: "cpu-limit", message: "it kept computing though nobody waited for it" });
  }
}

function activeMsOf({ worker }: Watched): number {
  return worker.performance.eventLoopUtilization().active;
}
