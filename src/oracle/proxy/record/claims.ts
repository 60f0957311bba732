// What a recorded answer claims of the next one: its status under the rule that contracts claim it by, and what of its body must come again.

import type { Claim, Contracts } from "../../contracts.ts";
import { type Exchanged, isObject } from "../traffic.ts";
import type { Names } from "./names.ts";
import { hasBraces } from "./names.ts";
import { isMade, isMoment } from "./volatile.ts";

/** The rule that the contracts' scenarios claim most often for an operation and a status. */
export type RuleOf = (operationId: string, status: number) => string | undefined;

export function ruleFinder({ scenarios, rules }: Pick<Contracts, "scenarios" | "rules">): RuleOf {
  const counts = new Map<string, Map<string, number>>();
  const general = new Set(rules.filter(({ needs = [] }) => needs.length === 0).map(({ id }) => id));
  const count = (step: unknown): void => {
    if (typeof step !== "object" || step === null) return;
    if (isObject(step) && typeof step.send === "string" && Array.isArray(step.expect)) {
      for (const { rule, status } of step.expect as Claim[]) {
        if (typeof status !== "number") continue;
        const key = `${step.send} ${status}`;
        const ofKey = counts.get(key) ?? new Map<string, number>();
        // One that applies to every target is worth more than one that has needs.
        ofKey.set(rule, (ofKey.get(rule) ?? 0) + (general.has(rule) ? 1_000 : 1));
        counts.set(key, ofKey);
      }
    }
    Object.values(step).forEach(count);
  };
  scenarios.forEach(count);
  return (operationId, status) => {
    const ofKey = [...(counts.get(`${operationId} ${status}`) ?? [])];
    return ofKey.toSorted(([, a], [, b]) => b - a)[0]?.[0];
  };
}

/** What refuses any operation for the same reason. */
const rulesOfRefusals: { [code: string]: string } = {
  "missing-scope": "SB-AUTH-SCOPE-403-LACKING",
  "missing-org": "SB-AUTH-ORG-403-FOREIGN",
};

export function claimsOf(exchanged: Exchanged, ruleOf: RuleOf, names: Names): Claim[] {
  const operationId = exchanged.routed?.operation.operationId ?? "";
  const { status, answerJson } = exchanged;
  const code = status === 403 && isObject(answerJson) ? String(answerJson.code) : "";
  const rule = rulesOfRefusals[code] ?? ruleOf(operationId, status);
  if (rule === undefined) return [];
  const body = bodyOf(exchanged, operationId, names);
  return [{ rule, status, ...(body === undefined ? {} : { body }) }];
}

function bodyOf({ status, answerJson: json }: Exchanged, operationId: string, names: Names): unknown {
  if (!isObject(json)) return undefined;
  if ([400, 403, 409].includes(status)) return typeof json.code === "string" ? { code: json.code } : undefined;
  if (status !== 200) return undefined;
  if (["createMachineInstance", "getMachineInstance", "sendMachineInstanceEvent"].includes(operationId))
    return stateOf(json, names);
  if (operationId !== "listMachineInstanceTransitions" || !Array.isArray(json.transitions)) return undefined;
  const entries = json.transitions
    .filter(isObject)
    .map(({ state, event }) => ({ state, event: { type: isObject(event) ? event.type : event } }));
  return entries.some(hasBraces) ? undefined : { transitions: { $inOrder: entries } };
}

/** Of a State or an update: what another run shows as well. */
export function stateOf({ state, tags, done, publicContext }: { [name: string]: unknown }, names: Names): object {
  const context = steady(publicContext, names);
  return { state, tags, done, ...(context === undefined ? {} : { publicContext: context }) };
}

/** What a matcher would be taken for is left out; what differs from run to run is only told by its type. */
function steady(value: unknown, names: Names): unknown {
  if (typeof value === "number") return isMoment(value) ? { $type: "number" } : value;
  if (typeof value === "string") {
    const isOdd = isMade(value) || hasBraces(value);
    return isOdd ? { $type: "string" } : names.slug(value);
  }
  if (Array.isArray(value)) return value.map((item) => steady(item, names));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).filter(([name]) => !name.startsWith("$"));
  return Object.fromEntries(entries.map(([name, item]) => [name, steady(item, names)]));
}
