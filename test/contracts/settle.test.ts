// Settle keeps its own contracts.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startServer } from "../../src/index.ts";
import { type Capability, loadContracts } from "../../src/oracle/contracts.ts";
import { verify } from "../../src/oracle/verify.ts";

const settleTimeoutMs = 2_500;
const retryDelayMs = 500;
/** All there are. */
const capabilities = new Set<Capability>([
  "admin",
  "act-as",
  "keys",
  "orgs",
  "tokens",
  "settle-timeout",
  "retries",
  "ws",
  "xstate5",
]);

it("conforms, and every rule that applies is exercised", { timeout: 300_000 }, async () => {
  const defects: string[] = [];
  const log = (entry: { level: string; message: string }) =>
    void (entry.level === "error" && defects.push(entry.message));
  const server = await startServer({ port: 0, store: "memory:", settleTimeoutMs, retryDelayMs, log });
  try {
    const contracts = loadContracts(fileURLToPath(new URL("../../contracts", import.meta.url)));
    const now = () => Date.now();
    const report = await verify({ target: server, contracts, capabilities, settleTimeoutMs, prefix: "own", now });
    const rest = report.rules
      .filter(({ status }) => status !== "passed")
      .map(({ id, status, message }) => ({ id, status, message }));
    expect(rest).toEqual([]);
    expect(report.verdict).toBe("conforms");
    expect(defects).toEqual([]);
  } finally {
    await server.close();
  }
});
