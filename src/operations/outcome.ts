// Translates how a delivery ended into the problem a client is told.

import type { ProblemCode } from "../domain/problem.ts";
import { Problem } from "../domain/problem.ts";
import type { FailureReason } from "../engine/port.ts";

const codes: { [R in FailureReason]: ProblemCode } = {
  "machine-error": "machine-error",
  "context-too-large": "context-too-large",
  "settle-timeout": "settle-timeout",
  "cpu-limit": "cpu-limit",
  "memory-limit": "memory-limit",
  // It loaded when it was finalized, so this is not the caller's doing.
  "load-error": "internal-error",
};

export function failureProblem(reason: FailureReason, message: string): Problem {
  return new Problem(codes[reason], message);
}

export function rejectionProblem(authorizer: "allowRead" | "allowWrite", message: string | undefined): Problem {
  const what = message === undefined ? `The machine's ${authorizer} refused.` : `The machine refused: ${message}.`;
  return new Problem("rejected-by-machine-authorizer", what);
}
