// The rules of the concurrent stage, by what they are about.

import type { Abilities } from "../model/deployed.ts";

export const ids = {
  linearizable: "SB-LIN-HISTORY-LINEARIZABLE",
  answerOwn: "SB-LIN-ANSWER-OWN",
  noneLost: "SB-LIN-EVENTS-NONE-LOST",
  once: "SB-LIN-EVENTS-ONCE",
  accepted: "SB-LIN-EVENTS-ACCEPTED",
  apart: "SB-LIN-INSTANCES-APART",
  ownWrites: "SB-LIN-READ-OWN-WRITES",
  forward: "SB-LIN-READ-FORWARD",
  consistent: "SB-LIN-READ-CONSISTENT",
  ts: "SB-LIN-TS-MONOTONIC",
  historyComplete: "SB-LIN-HISTORY-COMPLETE",
  historyOrder: "SB-LIN-HISTORY-ORDER",
  createOnce: "SB-LIN-CREATE-ONCE",
  deleteFinal: "SB-LIN-DELETE-FINAL",
} as const;

export const abilityOf: { readonly [rule: string]: keyof Abilities } = {
  [ids.noneLost]: "read",
  [ids.once]: "read",
  [ids.apart]: "read",
  [ids.ownWrites]: "read",
  [ids.forward]: "read",
  [ids.consistent]: "read",
  [ids.historyComplete]: "history",
  [ids.historyOrder]: "history",
  [ids.deleteFinal]: "remove",
};
