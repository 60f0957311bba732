// A short use of a server that comes to one thing where the fault is, and to another where it isn't.

import type { Client } from "../client.ts";

export interface Probe {
  id: string;
  /** What `observe` comes to at Settle as it is, and at the mutant. */
  sound: unknown;
  faulty: unknown;
  observe(client: Client): Promise<unknown>;
}

/** Waits that long: for what nothing tells of. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
