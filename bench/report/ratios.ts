// Medians of rounds, and of their ratios: the machine's mood changes faster than a bench lasts.

import type { Contender, Growing, Round } from "../figures.ts";
import { median } from "../statistics.ts";

type Rounds = { [C in Contender]: Round }[];

export function middle(rounds: Rounds, name: Contender, of: (round: Round) => number): number {
  return median(rounds.map((round) => of(round[name])));
}

/** Settle's requests to a rival's. */
export function ratio(rounds: Rounds, rival: Contender): number {
  return median(rounds.map((round) => round.settle.requestsPerSecond / round[rival].requestsPerSecond));
}

/** One amount's cost to the smallest amount's. */
export function growthOf([smallest]: Growing[], { medianMs }: Growing): number {
  return median(medianMs.map((ms, round) => ms / (smallest?.medianMs[round] ?? Number.NaN)));
}
