// Every probe there is.

import { authorizerProbes, securityProbes } from "./access.ts";
import { exchangeProbes, migrationProbes } from "./grants.ts";
import { oddityProbes } from "./oddities.ts";
import type { Probe } from "./probe.ts";
import { concurrencyProbes, recordsProbes } from "./records.ts";
import { schemaProbes, statusProbes } from "./responses.ts";
import { paginationProbes, realtimeProbes } from "./sockets.ts";
import { statechartProbes } from "./statecharts.ts";
import { durabilityProbes, timingProbes } from "./times.ts";

export const probes: readonly Probe[] = [
  ...schemaProbes,
  ...statusProbes,
  ...authorizerProbes,
  ...securityProbes,
  ...statechartProbes,
  ...recordsProbes,
  ...concurrencyProbes,
  ...durabilityProbes,
  ...timingProbes,
  ...realtimeProbes,
  ...paginationProbes,
  ...migrationProbes,
  ...exchangeProbes,
  ...oddityProbes,
];
