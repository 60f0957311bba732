// What every stage of a run works with.

import type { ResponseCheck } from "../../spec/response-check.ts";
import type { Contracts, Rule } from "../contracts.ts";
import type { Exchange, Target } from "../exchange.ts";
import type { Profile } from "../profile.ts";
import type { Ledger } from "../report.ts";
import type { Machines } from "./machines.ts";

export interface Run {
  target: Target;
  contracts: Contracts;
  profile: Profile;
  /** By id. */
  rules: ReadonlyMap<string, Rule>;
  check: ResponseCheck;
  exchange: Exchange;
  ledger: Ledger;
  machines: Machines;
  /** A slug that nothing has had before: `<namespace>-<n>-<hint>`. */
  newName: (hint: string) => string;
  /** Epoch milliseconds. */
  now: () => number;
  /** What generated values come from: the same seed asks the same. */
  seed: number;
  /** Size of the generated part: how many samples or command sequences a property is tried with. */
  runs: number;
  /** Where to go on from when a failure is replayed, as its `replay` printed it. */
  replay: string | undefined;
  /** Aborted when nobody needs the rest: a stage then ends soon, as if it were done. */
  signal: AbortSignal;
  /** Whether a rule, a scenario's name, or a stage was asked for. */
  isWanted: (id: string) => boolean;
  /** How far it is, for whoever waits; `done` of `total`. */
  progress: (stage: string, done: number, total: number, what: string) => void;
}

/** Why what needs these capabilities and operations does not apply to the target, or null. */
export function hindrance(run: Run, needs: readonly string[], operations: readonly string[] = []): string | null {
  const { capabilities, operations: had, restart } = run.profile;
  if (needs.includes("restart") && restart === undefined) return "needs a restart command, and the profile gives none";
  const missing = needs.find((need) => need !== "restart" && !(capabilities as string[]).includes(need));
  if (missing !== undefined) return `needs ${missing}, which the target is not said to have`;
  const absent = had === undefined ? undefined : operations.find((id) => !had.includes(id));
  return absent === undefined ? null : `needs the operation ${absent}, which the target is not said to have`;
}

/** A part of a run. It enters what it finds in the ledger, and throws only for faults of the oracle. */
export interface Stage {
  name: string;
  run(run: Run): Promise<void>;
}
