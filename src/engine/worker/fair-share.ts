// What one thread may take of the threads that the whole process shares for cryptography and the lookup of names: a few, so that others get theirs.
//
// Such work can't be called off once it has begun. Without this, one machine that derives keys keeps every other from reaching any host.

import type { LookupFunction } from "node:net";

/** At most so many of a thread's tasks are under way at once; the process has eight times as many threads for them. */
const share = 2;

type Start = (done: () => void) => void;

/** @returns what begins each task when it is its turn; a task calls `done` when it is over */
function turns(): (start: Start) => void {
  const waiting: Start[] = [];
  let running = 0;
  const next = () => {
    const start = running < share ? waiting.shift() : undefined;
    if (!start) return;
    running++;
    start(() => {
      running--;
      next();
    });
  };
  return (start) => {
    waiting.push(start);
    next();
  };
}

/** Must run before the built-ins are locked, and before machine code loads. */
export function shareCryptography(): void {
  const inTurn = turns();
  const prototype = Object.getPrototypeOf(crypto.subtle) as object;
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    const method: unknown = descriptor.value;
    if (typeof method !== "function" || name === "constructor") continue;
    const value = function (this: unknown, ...args: unknown[]): Promise<unknown> {
      const begin = () => Reflect.apply(method, this, args) as Promise<unknown>;
      return new Promise((resolve, reject) => {
        inTurn((done) => void begin().finally(done).then(resolve, reject));
      });
    };
    Object.defineProperty(prototype, name, { ...descriptor, value });
  }
}

/** @param native gives Node's own lookup, which is loaded when it is first needed */
export function sharedLookup(native: () => LookupFunction): LookupFunction {
  const inTurn = turns();
  return (host, options, callback) =>
    inTurn((done) =>
      native()(host, options, (...answer) => {
        done();
        callback(...answer);
      }),
    );
}
