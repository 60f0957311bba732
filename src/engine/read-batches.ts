// Reads of one turn about the same state go to its worker in one message: a state may be large, and have many readers.

import type { Listener, PoolWorker } from "./pool-worker.ts";
import type { Engine } from "./port.ts";
import type { ToWorker } from "./protocol.ts";

type Query = Parameters<Engine["authorizeRead"]>[0];
interface Batch {
  worker: PoolWorker;
  message: Extract<ToWorker, { op: "read" }>;
}

export class ReadBatches {
  /** By the context that is read, which is one object for all who read the same record. */
  readonly #open = new Map<object, Batch>();

  /** Each reader is asked about under an `id` of its own, and heard of by its own listener. */
  ask(worker: PoolWorker, id: number, query: Query, listener: Listener): void {
    const { instance, state, context, authContext, timeoutMs } = query;
    const ask = { id, auth: authContext };
    const open = this.#open.get(context);
    if (open?.worker === worker && open.message.state === state) {
      worker.listen(id, open.message, listener);
      open.message.asks.push(ask);
      return;
    }
    const batch: Batch = {
      worker,
      message: { op: "read", name: instance.slug, state, context, timeoutMs, asks: [ask] },
    };
    worker.listen(id, batch.message, listener);
    this.#open.set(context, batch);
    // Those who heard of a state together ask in one run of microtasks, which this one ends up behind.
    queueMicrotask(() => {
      if (this.#open.get(context) === batch) this.#open.delete(context);
      worker.send(batch.message);
    });
  }
}
