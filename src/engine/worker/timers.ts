// Machine code's timers: Node's own, behind a handle that leads nowhere (Node's leads to every other timer of the thread, ours included).

import * as native from "node:timers";

type Native = NodeJS.Timeout | NodeJS.Immediate;

/** Handles that were asked for their number, by which they may be cleared too. */
const numbered = new Map<number, Handle>();
let numbers = 0;
/** Called whenever a timer runs. */
let onRun = () => {};

/** What both the web's and Node's way of using a timer need: it can be cleared, is a number when one is wanted, and can be let go of. */
class Handle {
  #native: Native | undefined;
  #number = 0;

  static start(callback: unknown, args: unknown[], once: boolean, begin: (run: () => void) => Native): Handle {
    if (typeof callback !== "function") throw new TypeError("a timer's callback must be a function");
    const handle = new Handle();
    handle.#native = begin(() => {
      onRun();
      if (once) numbered.delete(handle.#number);
      // Node would give the callback its own handle as `this`.
      Reflect.apply(callback, undefined, args);
    });
    return handle;
  }

  static clear(this: void, given: unknown): void {
    const handle =
      typeof given === "object" && given !== null && #native in given ? given : numbered.get(Number(given));
    if (!handle) return;
    numbered.delete(handle.#number);
    const timer = handle.#native;
    if (timer && "refresh" in timer) native.clearTimeout(timer);
    else native.clearImmediate(timer);
  }

  ref(): this {
    this.#native?.ref();
    return this;
  }

  unref(): this {
    this.#native?.unref();
    return this;
  }

  hasRef(): boolean {
    return this.#native?.hasRef() ?? false;
  }

  refresh(): this {
    if (this.#native && "refresh" in this.#native) this.#native.refresh();
    return this;
  }

  close(): this {
    Handle.clear(this);
    return this;
  }

  [Symbol.dispose](): void {
    Handle.clear(this);
  }

  [Symbol.toPrimitive](): number {
    if (this.#number === 0) {
      this.#number = ++numbers;
      numbered.set(this.#number, this);
    }
    return this.#number;
  }
}

/** They can't be replaced afterwards: fetch uses them too, and would hand its connections to whatever stands in for them. */
export function installTimers(onTimer: () => void): void {
  onRun = onTimer;
  const timers = {
    setTimeout: (callback: unknown, ms?: number, ...args: unknown[]) =>
      Handle.start(callback, args, true, (run) => native.setTimeout(run, ms)),
    setInterval: (callback: unknown, ms?: number, ...args: unknown[]) =>
      Handle.start(callback, args, false, (run) => native.setInterval(run, ms)),
    setImmediate: (callback: unknown, ...args: unknown[]) =>
      Handle.start(callback, args, true, (run) => native.setImmediate(run)),
    clearTimeout: Handle.clear,
    clearInterval: Handle.clear,
    clearImmediate: Handle.clear,
    queueMicrotask,
  };
  for (const [name, value] of Object.entries(timers))
    Object.defineProperty(globalThis, name, { value, writable: false, enumerable: true, configurable: false });
  for (const value of [Handle, Handle.prototype, ...Object.values(timers)]) Object.freeze(value);
}
