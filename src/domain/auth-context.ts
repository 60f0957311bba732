// Who somebody is to a machine's authorizers, cleared of what only the service may say.

import type { JsonObject } from "./json.ts";

/** Only the service says which machine sent an event. */
export function withoutSender({ stateBackedSender: _, ...claims }: JsonObject): JsonObject {
  return claims;
}
