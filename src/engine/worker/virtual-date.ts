// `Date` as machine code sees it under the manual clock: it tells that clock's time, and is the ordinary one in everything else.

/** @param now epoch milliseconds */
export function installVirtualDate(now: () => number): void {
  const RealDate = Date;
  const virtual: DateConstructor = new Proxy(RealDate, {
    // A plain call tells the time as a text, whatever it is given.
    apply: () => new RealDate(now()).toString(),
    construct: (target, args, newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget === virtual ? target : newTarget) as Date,
  });
  Object.defineProperty(RealDate, "now", { value: () => now(), writable: true, configurable: true });
  // `date.constructor` and `instanceof` lead here, and not past it.
  Object.defineProperty(RealDate.prototype, "constructor", { value: virtual, writable: true, configurable: true });
  globalThis.Date = virtual;
}
