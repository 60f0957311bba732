// Which statuses of which operations the scenarios claim, before anything runs.

import { type Step, stepsWithin } from "./contracts.ts";

/** Statuses as texts, by operationId. A list that is followed to its end was answered 200, a socket that opens 101. */
export function statusesClaimedIn(steps: readonly Step[]): Map<string, Set<string>> {
  const claimed = new Map<string, Set<string>>();
  const add = (operationId: string, status: number | string) => {
    claimed.set(operationId, (claimed.get(operationId) ?? new Set()).add(String(status)));
  };
  const visit = (step: Step, tallied: readonly string[]): void => {
    if ("send" in step) {
      const own = step.expect.flatMap(({ status = [] }) => [status].flat());
      for (const status of [...own, ...tallied]) add(step.send, status);
    }
    if ("pages" in step) add(step.pages, 200);
    if ("ws" in step) add("openRealtime", 101);
    const within = "parallel" in step ? (step.expect ?? []).flatMap(({ statuses }) => Object.keys(statuses)) : tallied;
    for (const inner of stepsWithin(step)) visit(inner, within);
  };
  for (const step of steps) visit(step, []);
  return claimed;
}
