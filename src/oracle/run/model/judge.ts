// Judges an answer by the set of outcomes that the model allows, and says under which rules.

import type { Answer } from "../../exchange.ts";
import { show } from "../../match.ts";
import { type Accepted, acceptedOf, type Outcome, type Reason } from "../../model/service.ts";
import { type Aspect, differenceOf } from "../../model/shown.ts";

/** Rules by what they claim: that an allowed request is accepted, that what is shown is right, that each refusal has its status. */
export interface RuleNames {
  accepted: string;
  aspects: { readonly [A in Aspect]: string };
  /** An event that is not handled leaves everything as it is; null for what is no event. */
  kept: string | null;
  refusals: { readonly [R in Reason]?: string };
}

export interface Claim {
  rule: string;
  /** Why it is broken, or null. */
  refuted: string | null;
}

export interface Judgement {
  claims: Claim[];
  /** Which of the outcomes it was; null when it was none. */
  outcome: Outcome | null;
}

export function judge(outcomes: readonly Outcome[], answer: Answer, names: RuleNames): Judgement {
  const accepted = acceptedOf(outcomes);
  if (accepted !== undefined && answer.status === 200) return judgeShown(accepted, answer, names);
  const refusal = outcomes.find((outcome) => outcome.kind === "refused" && outcome.statuses.includes(answer.status));
  if (refusal?.kind === "refused") {
    const rule = names.refusals[refusal.reason];
    return { claims: rule === undefined ? [] : [{ rule, refuted: null }], outcome: refusal };
  }
  const rule = ruleOfExpected(outcomes, names);
  return {
    claims: rule === undefined ? [] : [{ rule, refuted: `${statusOf(answer)}, not ${expectedOf(outcomes)}` }],
    outcome: null,
  };
}

function judgeShown(accepted: Accepted, { json }: Answer, names: RuleNames): Judgement {
  const kept = isUnhandled(accepted) ? names.kept : null;
  const difference = differenceOf(accepted.moment, json);
  if (difference !== null) {
    const rule = kept ?? names.aspects[difference.aspect];
    return { claims: [{ rule, refuted: difference.message }], outcome: null };
  }
  const rules = [names.accepted, ...Object.values(names.aspects), ...(kept === null ? [] : [kept])];
  return { claims: [...new Set(rules)].map((rule) => ({ rule, refuted: null })), outcome: accepted };
}

/** Nothing was taken: the state does not handle the event, or guards refuse all that would. */
function isUnhandled({ reaction }: Accepted): boolean {
  return reaction?.transitions.length === 0;
}

function ruleOfExpected(outcomes: readonly Outcome[], names: RuleNames): string | undefined {
  const accepted = acceptedOf(outcomes);
  if (accepted !== undefined) return (isUnhandled(accepted) ? names.kept : null) ?? names.accepted;
  const [first] = outcomes;
  return first?.kind === "refused" ? names.refusals[first.reason] : undefined;
}

function statusOf({ status, json, text }: Answer): string {
  return status === 0 ? text : `the status is ${status} with the body ${show(json ?? text)}`;
}

const reasons: { [R in Reason]: string } = {
  absent: "there is no such instance",
  taken: "the name is taken",
  paused: "the instance is paused",
  "write-refused": "allowWrite refuses",
  "read-refused": "allowRead refuses",
  threw: "the machine's code throws",
  done: "the instance is done",
};

function expectedOf(outcomes: readonly Outcome[]): string {
  const expected = outcomes.map((outcome) =>
    outcome.kind === "accepted"
      ? `200 with the state ${show(outcome.moment.value)}`
      : `${outcome.statuses.join(" or ")} (${reasons[outcome.reason]})`,
  );
  return expected.join(", or ");
}
