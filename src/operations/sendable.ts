// Which events clients may send.

import { Problem } from "../domain/problem.ts";
import { isReservedEvent } from "../domain/reserved-events.ts";

/** @throws Problem `invalid-parameter` for an event type that XState or the service keeps to itself */
export function assertSendable({ type }: { type: string }): void {
  if (!isReservedEvent(type)) return;
  const message = `Events named '${type}' are reserved for XState and the service. Send an event type of the machine's own.`;
  throw new Problem("invalid-parameter", message, { parameter: "event" });
}
