// Durations as people write them on a command line.

import { InvalidArgumentError } from "commander";

const unitMs: { [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `250ms`, `10s`, `2m`, `1h`, `7d`. @throws InvalidArgumentError, which commander shows beside the option's name */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  const ms = Number(match?.[1]) * (unitMs[match?.[2] ?? ""] ?? Number.NaN);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new InvalidArgumentError("Write a duration above zero such as 250ms, 10s or 2m.");
}
