// Settle, or any other server, behind a proxy of the test's own.

import { fileURLToPath } from "node:url";
import { loadContracts } from "../../../src/oracle/contracts.ts";
import type { Fault } from "../../../src/oracle/proxy/faults.ts";
import { isViolation } from "../../../src/oracle/proxy/faults.ts";
import { type JudgingProxy, type ProxyOptions, startProxy } from "../../../src/oracle/proxy/proxy.ts";

export const root = fileURLToPath(new URL("../../../", import.meta.url));
export const contracts = loadContracts(`${root}contracts`);

export interface Through extends JudgingProxy {
  /** Each distinct fault as it was told. */
  told: Fault[];
}

export async function through(upstream: string, options: Partial<ProxyOptions> = {}): Promise<Through> {
  const told: Fault[] = [];
  const defaults = { hostHeader: "client", address: "127.0.0.1", port: 0, contracts, now: () => Date.now() } as const;
  const proxy = await startProxy({ ...defaults, upstream, onFault: (fault) => told.push(fault), ...options });
  return { ...proxy, told };
}

/** Rules that the upstream broke, each as often as it was told. */
export function violated({ told }: Through): string[] {
  return told.filter(isViolation).map(({ rule }) => rule);
}
