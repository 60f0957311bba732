// Every broken server there is, and which of them are kept aside until the judge is finished.

import { createHash } from "node:crypto";
import { authorizerMutants } from "./areas/authorizers.ts";
import { concurrencyMutants } from "./areas/concurrency.ts";
import { durabilityMutants } from "./areas/durability.ts";
import { exchangeMutants } from "./areas/exchange.ts";
import { instanceMutants } from "./areas/instances.ts";
import { migrationMutants } from "./areas/migrations.ts";
import { paginationMutants } from "./areas/pagination.ts";
import { realtimeMutants } from "./areas/realtime.ts";
import { recordsMutants } from "./areas/records.ts";
import { schemaMutants } from "./areas/schema.ts";
import { securityMutants } from "./areas/security.ts";
import { settlingMutants } from "./areas/settling.ts";
import { statechartMutants } from "./areas/statecharts.ts";
import { statusMutants } from "./areas/status.ts";
import { timerMutants } from "./areas/timers.ts";
import type { Mutant } from "./fault.ts";

export const mutants: readonly Mutant[] = [
  ...schemaMutants,
  ...statusMutants,
  ...authorizerMutants,
  ...securityMutants,
  ...statechartMutants,
  ...instanceMutants,
  ...recordsMutants,
  ...concurrencyMutants,
  ...durabilityMutants,
  ...settlingMutants,
  ...timerMutants,
  ...realtimeMutants,
  ...paginationMutants,
  ...migrationMutants,
  ...exchangeMutants,
];

/** Against `development` a judge may be made better; `held-out` says afterwards how good it really is. */
export type Part = "development" | "held-out";

/**
 * Chosen by nobody: every third in the order of the ids' SHA-256. Written down, so that a mutant that comes later moves no other one.
 */
const heldOut =
  "AZ-01 AZ-09 AZ-11 AZ-12 AZ-14 CC-07 DU-01 DU-08 DU-09 MG-05 PG-01 PG-04 PG-07 RT-01 RT-02 RT-04 SE-05 SE-07 SE-15 SM-08 SM-10 SM-11 SM-20 SM-31 SM-33 ST-04 ST-09 TI-03 TI-04 TI-08 TK-02 TK-06 TK-07 TK-11".split(
    " ",
  );

export function partOf(id: string): Part {
  return heldOut.includes(id) ? "held-out" : "development";
}

/** The ids of every third, in the order of their hashes. */
export function everyThird(ids: readonly string[]): string[] {
  const hashOf = (id: string) => createHash("sha256").update(id).digest("hex");
  return ids.toSorted((a, b) => (hashOf(a) < hashOf(b) ? -1 : 1)).filter((_, index) => index % 3 === 0);
}
