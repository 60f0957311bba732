// Lets a command clean up after itself when a signal ends it.

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** The first signal ends what `fn` reads and writes, which cleans up then; the process ends by it afterwards, or by a second one at once. */
export async function interruptible(fn: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  let ended: NodeJS.Signals | undefined;
  const unlisten = () => {
    for (const signal of signals) process.off(signal, end);
  };
  const end = (signal: NodeJS.Signals) => {
    ended = signal;
    unlisten();
    controller.abort();
  };
  for (const signal of signals) process.on(signal, end);
  try {
    await fn(controller.signal);
  } catch (error) {
    if (ended === undefined) throw error;
  } finally {
    unlisten();
  }
  if (ended !== undefined) process.kill(process.pid, ended);
}
