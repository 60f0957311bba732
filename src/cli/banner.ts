// What a person sees when the server is up: where it is, and one request that works when pasted.

import { randomBytes } from "node:crypto";
import type { SettleServer } from "../index.ts";

export function banner(server: SettleServer, clock: "system" | "manual"): string {
  const { url, orgId, keyId, adminToken, machines } = server;
  return [
    `Settle is ready at ${url}`,
    "  dashboard  not in this version yet",
    `  store      ${server.store}`,
    `  clock      ${clock === "manual" ? `manual, at ${new Date(server.clock.now()).toISOString()}` : clock}`,
    `  org        ${orgId}`,
    `  key        ${keyId}`,
    `  machines   ${machines.join(", ") || "none from sources (--machines)"}`,
    "Try:",
    `  ${exampleCurl(url, adminToken, machines)}`,
  ].join("\n");
}

/** Creates an instance under a fresh name, so that it works again after a restart. */
function exampleCurl(url: string, token: string, machines: string[]): string {
  const authorization = `-H 'authorization: Bearer ${token}'`;
  const machine = machines.includes("counter") ? "counter" : machines[0];
  if (machine === undefined) return `curl -s ${url}/machines ${authorization}`;
  const body = JSON.stringify({ slug: `first-${randomBytes(3).toString("hex")}` });
  return `curl -s ${url}/machines/${machine} ${authorization} -H 'content-type: application/json' -d '${body}'`;
}
