// Settle keeps its own contracts.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import { loadContracts } from "../../src/oracle/contracts.ts";
import { loadProfile, profileFile, profileSchema } from "../../src/oracle/profile.ts";
import { verify } from "../../src/oracle/verify.ts";

const contractsFolder = fileURLToPath(new URL("../../contracts", import.meta.url));
const profile = loadProfile(profileFile(contractsFolder, "short"), profileSchema(contractsFolder));
const retryDelayMs = 500;

it("conforms, with every rule exercised that applies, and is left as it was", { timeout: 300_000 }, async () => {
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
    const before = await contents(server);
    const contracts = loadContracts(contractsFolder);
    const now = () => Date.now();
    const report = await verify({ target: server, contracts, profile, prefix: "own", now });
    const rest = report.rules
      .filter(({ status, message }) => status !== "passed" && !message.startsWith("needs a restart command"))
      .map(({ id, status, message }) => ({ id, status, message }));
    expect(rest).toEqual([]);
    expect(report.verdict).toBe("conforms");
    expect(defects).toEqual([]);
    expect(report.leftovers?.filter((leftover) => !leftover.includes("organizations"))).toEqual([]);
    expect(await contents(server)).toEqual(before);
  } finally {
    await server.close();
  }
});

/** What the lists of the server's organization show. */
function contents({ url, adminToken }: SettleServer): Promise<unknown[]> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const lists = ["/machines", "/keys", "/idps", "/token-providers"];
  return Promise.all(lists.map(async (path) => (await fetch(`${url}${path}`, { headers })).json()));
}
