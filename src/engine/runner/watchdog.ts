// Watches the workers' event loops and heaps: one that doesn't answer a ping within the CPU timeout, or holds too much, is reported.

import type { Worker } from "node:worker_threads";
import type { Limits } from "../protocol.ts";

interface Watched {
  worker: Worker;
  beat: Int32Array;
  limits: Limits;
  /** Number of the ping the worker still owes an answer to; 0 = none. */
  owed: number;
  owedSince: number;
  /** Looks left until a silent worker is left alone; set anew by every message to it. */
  attention: number;
  measuring: boolean;
}
type Verdict = { reason: "cpu-limit" | "memory-limit"; message: string };

const periodMs = 25;
/** A worker nobody talks to is still looked at for this long: its own timers may be running. */
const attentionLooks = 400;

export class Watchdog {
  readonly #watched = new Map<number, Watched>();
  readonly #condemn: (worker: number, verdict: Verdict) => void;
  #pings = 0;

  constructor(condemn: (worker: number, verdict: Verdict) => void) {
    this.#condemn = condemn;
    setInterval(() => this.#look(), periodMs).unref();
  }

  watch(number: number, worker: Worker, beat: Int32Array, limits: Limits): void {
    this.#watched.set(number, {
      worker,
      beat,
      limits,
      owed: 0,
      owedSince: 0,
      attention: attentionLooks,
      measuring: false,
    });
  }

  /** Something was sent to this worker. */
  stir(number: number): void {
    const watched = this.#watched.get(number);
    if (watched) watched.attention = attentionLooks;
  }

  forget(number: number): void {
    this.#watched.delete(number);
  }

  #look(): void {
    const now = performance.now();
    for (const [number, watched] of this.#watched) {
      if (watched.attention === 0) continue;
      watched.attention--;
      this.#checkLoop(number, watched, now);
      void this.#checkHeap(number, watched);
    }
  }

  #checkLoop(number: number, watched: Watched, now: number): void {
    const { worker, beat, limits } = watched;
    if (Atomics.load(beat, 1) === 0) return; // still starting; it says -1 when machine code begins
    if (watched.owed !== 0 && Atomics.load(beat, 1) === watched.owed) watched.owed = 0;
    if (watched.owed === 0) {
      this.#pings = (this.#pings % 0x3fffffff) + 1;
      watched.owed = this.#pings;
      watched.owedSince = now;
      worker.postMessage(watched.owed);
    } else if (now - watched.owedSince > limits.cpuTimeoutMs) {
      this.#condemn(number, {
        reason: "cpu-limit",
        message: `it computed for more than ${limits.cpuTimeoutMs} ms without yielding`,
      });
    }
  }

  /** Answers even while the worker loops; not while it is inside one long native call, for which the heap cap is there. */
  async #checkHeap(number: number, watched: Watched): Promise<void> {
    if (watched.measuring) return;
    watched.measuring = true;
    try {
      const heap = await watched.worker.getHeapStatistics();
      const held = heap.used_heap_size + heap.external_memory;
      if (held > watched.limits.memoryBytes && this.#watched.get(number) === watched) {
        const megabytes = (bytes: number) => Math.round(bytes / 1e6);
        this.#condemn(number, {
          reason: "memory-limit",
          message: `it held ${megabytes(held)} MB, and the limit is ${megabytes(watched.limits.memoryBytes)} MB`,
        });
      }
    } catch {
      // The worker ended in the meantime; its exit is reported elsewhere.
    } finally {
      watched.measuring = false;
    }
  }
}
