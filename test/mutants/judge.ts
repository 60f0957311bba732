// Runs the oracle against one broken server, until it has named what is wrong with it or is through.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Contracts, loadContracts } from "../../src/oracle/contracts.ts";
import { loadProfile, type Profile, profileFile, profileSchema } from "../../src/oracle/profile.ts";
import type { Report, RuleResult, Status } from "../../src/oracle/report.ts";
import { verify } from "../../src/oracle/verify.ts";
import type { BenignVariant, Mutant } from "./fault.ts";
import { rightRulesOf } from "./right-rules.ts";
import { type BrokenServer, settleTimeoutMs, startBroken } from "./start.ts";

const contractsFolder = fileURLToPath(new URL("../../contracts", import.meta.url));

/** What every run works with. */
export interface Bench {
  contracts: Contracts;
  profile: Profile;
}

export function loadBench(): Bench {
  return {
    contracts: loadContracts(contractsFolder),
    profile: loadProfile(profileFile(contractsFolder, "short"), profileSchema(contractsFolder)),
  };
}

/** A rule that did not pass, and when it was told of, counted from the start of the run. */
export type Finding = Pick<RuleResult, "id" | "level" | "status" | "message"> & { afterMs?: number };

export interface Judgement {
  id: string;
  seed: number;
  /** The right rule that failed first, for a mutant that was killed. */
  killer?: Finding;
  /** Everything else that was found until then. */
  others: Finding[];
  tookMs: number;
  /** Why the run came to no end. */
  error?: string;
}

export interface JudgeOptions extends Bench {
  seed: number;
  runs?: number | undefined;
}

/** `isKilled` is asked about each failure as it is told of; the first that it takes ends the run. */
async function judge(
  { id, fault, ...more }: Mutant | BenignVariant,
  { contracts, profile, seed, runs }: JudgeOptions,
  isKilled: (failure: { id: string; level: RuleResult["level"] }) => boolean,
): Promise<Judgement> {
  const start = performance.now();
  const stop = new AbortController();
  const times = new Map<string, number>();
  const stage = await startStage({ ...more, id, fault });
  let killed: string | undefined;
  try {
    const run = verify({
      target: stage.server,
      contracts,
      profile: { ...stage.profileOf(profile) },
      prefix: `m${seed}`,
      now: () => Date.now(),
      seed,
      ...(runs === undefined ? {} : { runs }),
      signal: stop.signal,
      onEvent(event) {
        if (event.event !== "failure" || times.has(event.rule)) return;
        times.set(event.rule, Math.round(performance.now() - start));
        if (killed !== undefined || !isKilled({ id: event.rule, level: event.level })) return;
        killed = event.rule;
        stop.abort();
      },
    });
    const report = await within(longestRunMs, run);
    const found = findingsOf(report, times);
    const killer = found.find((finding) => finding.id === killed) ?? found.find(isKilled);
    const others = found.filter((finding) => finding !== killer);
    return { id, seed, ...(killer ? { killer } : {}), others, tookMs: Math.round(performance.now() - start) };
  } catch (error) {
    const tookMs = Math.round(performance.now() - start);
    return { id, seed, others: [], tookMs, error: error instanceof Error ? error.message : String(error) };
  } finally {
    await stage.close();
  }
}

/** Many times what a run takes. */
const longestRunMs = 600_000;

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no end within ${limitMs / 1_000} s`)), limitMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** A mutant is killed when a rule fails that says what is wrong with it; a warning is enough only where nothing more can be asked for. */
export function judgeMutant(mutant: Mutant, options: JudgeOptions): Promise<Judgement> {
  const { rules, advisory = false } = rightRulesOf(mutant.id);
  return judge(mutant, options, ({ id, level }) => rules.includes(id) && (level !== "ADVISORY" || advisory));
}

/** A benign variant is judged to the end; whatever fails is a false alarm. */
export function judgeBenign(variant: BenignVariant, options: JudgeOptions): Promise<Judgement> {
  return judge(variant, options, () => false);
}

const alarming: readonly Status[] = ["failed", "flaky", "oracle-error"];

/** What a benign variant was blamed for. */
export function alarmsOf({ others }: Judgement): Finding[] {
  return others.filter(({ status }) => alarming.includes(status));
}

function findingsOf({ rules }: Report, times: ReadonlyMap<string, number>): Finding[] {
  return rules
    .filter(({ status }) => alarming.includes(status) || status === "warned")
    .map(({ id, level, status, message }) => {
      const afterMs = times.get(id);
      return { id, level, status, message, ...(afterMs === undefined ? {} : { afterMs }) };
    })
    .toSorted((a, b) => (a.afterMs ?? Number.POSITIVE_INFINITY) - (b.afterMs ?? Number.POSITIVE_INFINITY));
}

interface Stage {
  server: BrokenServer;
  /** What the judge is told of the server. */
  profileOf(usual: Profile): Profile;
  close(): Promise<void>;
}

async function startStage(subject: Omit<Mutant, "operation" | "title"> & { settleTimeoutMs?: number }): Promise<Stage> {
  const { fault, needs, settleTimeoutMs: promisedMs = settleTimeoutMs } = subject;
  const capabilitiesOf = ({ capabilities }: Profile) =>
    promisedMs === settleTimeoutMs ? capabilities : capabilities.filter((one) => one !== "settle-timeout");
  const told = (usual: Profile) => ({ ...usual, capabilities: capabilitiesOf(usual), settleTimeoutMs: promisedMs });
  if (needs !== "restart") {
    const server = await startBroken(fault());
    return { server, profileOf: told, close: server.close };
  }
  const folder = await mkdtemp(join(tmpdir(), "settle-mutant-"));
  const server = await startBroken(fault(), { store: join(folder, "db.json") });
  const control = await startControl(server);
  return {
    server,
    profileOf: (usual) => ({ ...told(usual), restart: `curl -fsS -X POST ${control.url}/restart` }),
    async close() {
      control.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}

/** Where the shell command of a profile reaches the server, to have it restarted. */
async function startControl(server: BrokenServer): Promise<{ url: string; close(): void }> {
  const control = createServer((_request, response) => {
    server.restart().then(
      () => response.end("restarted"),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => control.listen(0, "127.0.0.1", resolve));
  const { port } = control.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => void control.close() };
}
