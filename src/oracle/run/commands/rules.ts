// The rules of the commands stage, by what they are about.

import type { Abilities } from "../model/deployed.ts";
import type { RuleNames } from "../model/judge.ts";

export const ids = {
  created: "SB-MODEL-CREATE-200",
  createState: "SB-MODEL-CREATE-STATE",
  taken: "SB-MODEL-CREATE-409-TAKEN",
  failedAbsent: "SB-MODEL-CREATE-FAILED-ABSENT",
  accepted: "SB-MODEL-EVENT-200",
  state: "SB-MODEL-STATE-FOLLOWS",
  context: "SB-MODEL-CONTEXT-FOLLOWS",
  tags: "SB-MODEL-TAGS-FOLLOW",
  done: "SB-MODEL-DONE-FOLLOWS",
  kept: "SB-MODEL-UNHANDLED-KEPT",
  write403: "SB-MODEL-WRITE-403",
  read403: "SB-MODEL-READ-403",
  refusedUnstored: "SB-MODEL-REFUSED-UNSTORED",
  threw: "SB-MODEL-THROW-400",
  throwUnstored: "SB-MODEL-THROW-UNSTORED",
  readLast: "SB-MODEL-READ-LAST",
  apart: "SB-MODEL-INSTANCES-APART",
  ts: "SB-MODEL-TS-MONOTONIC",
  hidden: "SB-MODEL-PRIVATE-HIDDEN",
  list: "SB-MODEL-LIST-AGREES",
  history: "SB-MODEL-HISTORY-COMPLETE",
  historyRefused: "SB-MODEL-HISTORY-REFUSED-ABSENT",
  adminContext: "SB-MODEL-ADMIN-CONTEXT",
  adminStatus: "SB-MODEL-ADMIN-STATUS",
  paused: "SB-MODEL-PAUSED-409",
  pausedUnstored: "SB-MODEL-PAUSED-UNSTORED",
  resumed: "SB-MODEL-RESUMED-200",
  deleted: "SB-MODEL-DELETED-ABSENT",
  remade: "SB-MODEL-REMADE-AFRESH",
} as const;

/** What the target must be able to do for a rule to be exercised at all. */
export const abilityOf: { readonly [rule: string]: keyof Abilities } = {
  [ids.readLast]: "read",
  [ids.read403]: "read",
  [ids.failedAbsent]: "read",
  [ids.refusedUnstored]: "read",
  [ids.throwUnstored]: "read",
  [ids.apart]: "read",
  [ids.list]: "list",
  [ids.history]: "history",
  [ids.historyRefused]: "history",
  [ids.adminContext]: "admin",
  [ids.adminStatus]: "admin",
  [ids.paused]: "status",
  [ids.pausedUnstored]: "status",
  [ids.resumed]: "status",
  [ids.deleted]: "remove",
  [ids.remade]: "remove",
};

const refusals = {
  absent: ids.deleted,
  taken: ids.taken,
  paused: ids.paused,
  "write-refused": ids.write403,
  "read-refused": ids.read403,
  threw: ids.threw,
} as const;

/** Of an event. */
export const eventNames: RuleNames = {
  accepted: ids.accepted,
  aspects: { state: ids.state, context: ids.context, tags: ids.tags, done: ids.done },
  kept: ids.kept,
  refusals,
};

/** Everything under one rule: what shows all of an instance at once. */
export function allUnder(rule: string, accepted: string = rule): RuleNames {
  return { accepted, aspects: { state: rule, context: rule, tags: rule, done: rule }, kept: null, refusals };
}
