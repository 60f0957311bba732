// One question to a worker about its code, and its one answer.

import type { Death, PoolWorker } from "./pool-worker.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

export type Inquiry = Omit<Extract<ToWorker, { op: "inspect" | "inspect-migration" }>, "id">;
type Printed = Extract<FromWorker, { t: "log" }>;
export type Answer = Exclude<FromWorker, Printed>;

/** What the worker printed about it goes to `onLog`. Resolves with the worker's death when that comes first. */
export function ask(
  worker: PoolWorker,
  id: number,
  question: Inquiry,
  onLog: (message: Printed) => void,
): Promise<Answer | Death> {
  return new Promise((resolve) => {
    worker.call(
      id,
      { ...question, id },
      {
        onMessage: (message) => {
          if (message.t === "log") return onLog(message);
          worker.release(id);
          resolve(message);
        },
        onDeath: resolve,
      },
    );
  });
}
