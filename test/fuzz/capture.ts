// The global console, lent to whoever runs machine code in this process.

/** Runs `fn` with everything printed to the console as lines of `lines`. One at a time. */
export async function capturing<T>(lines: string[], fn: () => Promise<T>): Promise<T> {
  const { log, warn, error } = globalThis.console;
  globalThis.console.log = (...args: unknown[]) => void lines.push(args.join(" "));
  // XState 4 warns about much; none of it is the machine's own.
  globalThis.console.warn = () => {};
  globalThis.console.error = () => {};
  try {
    return await fn();
  } finally {
    Object.assign(globalThis.console, { log, warn, error });
  }
}
