// Event types that XState or the service itself sends: a client that could send them would drive or brick a statechart.

const reservedPrefixes = ["done.", "error.", "xstate.", "statebacked."];

/** @see docs/semantics.md, Consistency */
export function isReservedEvent(type: string): boolean {
  return type === "" || type === "*" || reservedPrefixes.some((prefix) => type.startsWith(prefix));
}
