// Asks a version's `allowRead` whether somebody may see an instance's state.

import type { JsonObject } from "../domain/json.ts";
import type { State } from "../domain/records.ts";
import { codeOfStored } from "./code.ts";
import { failureProblem, rejectionProblem } from "./outcome.ts";
import type { Caller, Services } from "./services.ts";

/** What is to be seen: the state, the context that `allowRead` judges by, and the version whose `allowRead` it is. */
export interface Seen {
  versionId: string;
  state: State;
  context: JsonObject;
}

/** @throws Problem when `allowRead` refuses (403) or comes to no answer (5xx) */
export async function requireRead(
  services: Services,
  { orgId, authContext }: Caller,
  { machine, slug }: { machine: string; slug: string },
  { versionId, state, context }: Seen,
): Promise<void> {
  const verdict = await services.engine.authorizeRead({
    instance: { orgId, machine, slug },
    code: codeOfStored(services, orgId, machine, versionId),
    state: state.state,
    context,
    authContext,
    timeoutMs: services.settings.settleTimeoutMs,
  });
  if (verdict.kind === "rejected") throw rejectionProblem("allowRead", verdict.message);
  if (verdict.kind === "failed") throw failureProblem(verdict.reason, verdict.message);
}
