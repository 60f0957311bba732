// Settle keeps its own contracts.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { startServer } from "../../src/index.ts";
import { loadContracts } from "../../src/oracle/contracts.ts";
import { loadProfile, profileFile, profileSchema } from "../../src/oracle/profile.ts";
import { verify } from "../../src/oracle/verify.ts";

const contractsFolder = fileURLToPath(new URL("../../contracts", import.meta.url));
const profile = loadProfile(profileFile(contractsFolder, "short"), profileSchema(contractsFolder));
const retryDelayMs = 500;

it("conforms, and every rule that applies is exercised", { timeout: 300_000 }, async () => {
  const defects: string[] = [];
  const log = (entry: { level: string; message: string }) =>
    void (entry.level === "error" && defects.push(entry.message));
  const server = await startServer({
    port: 0,
    store: "memory:",
    settleTimeoutMs: profile.settleTimeoutMs,
    retryDelayMs,
    log,
  });
  try {
    const contracts = loadContracts(contractsFolder);
    const now = () => Date.now();
    const report = await verify({ target: server, contracts, profile, prefix: "own", now });
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
