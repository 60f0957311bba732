// Takes away what machine code has no use for, before it loads: the process, ways to other threads, recycled memory.

/** Leaves the web-standard globals and `Buffer`. Must run before any machine code is imported, and after everything of ours is. */
export function scrubGlobals(): void {
  const gone = [
    "process",
    "BroadcastChannel",
    "navigator",
    "Navigator",
    "localStorage",
    "sessionStorage",
    "Storage",
    "gc",
  ];
  for (const name of gone) Reflect.deleteProperty(globalThis, name);
  // A pooled Buffer shows what earlier messages left in the pool.
  Buffer.poolSize = 0;
  Buffer.allocUnsafe = (size: number) => Buffer.alloc(size);
  Buffer.allocUnsafeSlow = (size: number) => Buffer.alloc(size);
}
