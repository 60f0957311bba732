// Runs the contracts, tells how it goes, and says what came out of it.

import { randomBytes } from "node:crypto";
import { readSuite } from "../../oracle/installed.ts";
import { CredentialsRefused, preflight } from "../../oracle/preflight.ts";
import { withExpected } from "../../oracle/report/expected.ts";
import { toAnnotations } from "../../oracle/report/github.ts";
import { outcomeOf } from "../../oracle/report/outcome.ts";
import { clean, withoutSecrets } from "../../oracle/report/redact.ts";
import { shellWord } from "../../oracle/report/shell-word.ts";
import { toSummary } from "../../oracle/report/summary.ts";
import { type RunEvent, TargetUnreachable, type VerifyOptions, verify } from "../../oracle/verify.ts";
import { CannotRun } from "../cannot-run.ts";
import { createProgress } from "../progress.ts";
import { ensureReportsWritable, readExpected, wantsAnnotations, writeReports } from "../report-options.ts";
import type { VerifyFlags } from "../verify.ts";
import { checkOnly, contractsFolder, readContracts, readProfile, readTarget, withScenarios } from "./inputs.ts";

/** Sets the exit code. @throws CannotRun before anything is made on the target, or when a report can't be written */
export async function runVerify(url: string | undefined, flags: VerifyFlags): Promise<void> {
  const folder = contractsFolder();
  const target = readTarget(url, flags);
  const profile = readProfile(flags.profile, folder);
  ensureReportsWritable(flags);
  const published = readContracts(folder);
  const contracts = flags.scenarios === undefined ? published : withScenarios(published, flags.scenarios);
  checkOnly(flags.only ?? [], contracts);
  const expected = await readExpected(flags, new Set(contracts.rules.map(({ id }) => id)));
  const now = () => Date.now();
  await orCannotRun(() => preflight(target, now));

  const prefix = `settle-${now().toString(36)}-${randomBytes(3).toString("hex")}`;
  const progress = createProgress(process.stderr);
  const tell = (event: object) =>
    flags.json && process.stdout.write(`${clean(JSON.stringify(event), [target.secretKey])}\n`);
  const onEvent = (event: RunEvent) => {
    tell(event);
    progress.hear(event);
  };
  const suite = readSuite(folder);
  const { seed } = flags;
  tell({ event: "start", target: target.url, seed, namespace: prefix, profile: profile.title, suite });
  const options = { target, contracts, profile, prefix, now, seed, onEvent, suite, ...asked(flags) };
  const { report: found, signal } = await untilStopped(options, progress.clear);
  progress.clear();
  const report = withExpected(withoutSecrets(found, [target.secretKey]), expected);
  const command = commandOf(target.url, flags);
  const { exitCode, reasons } = outcomeOf(report, flags.failUnder);
  const code = signal === null ? exitCode : signal === "SIGINT" ? 130 : 143;
  if (flags.json) tell({ event: "report", exitCode: code, report });
  else process.stdout.write(`${toSummary(report, command)}\n${reasons.map((reason) => `  ${reason}\n`).join("")}`);
  const annotations = wantsAnnotations(flags) ? toAnnotations(report) : [];
  for (const line of annotations) (flags.json ? process.stderr : process.stdout).write(`${line}\n`);
  process.exitCode = code;
  const written = await writeReports(report, flags, command);
  if (!flags.json && written.length > 0) process.stdout.write(`  written: ${written.join(", ")}\n`);
}

/** Scenarios of one's own are all that runs, unless something else is asked for. */
function asked({
  scenarios,
  only = scenarios && ["scenario"],
  runs,
  replay,
}: VerifyFlags): Pick<VerifyOptions, "only" | "runs" | "replay"> {
  return {
    ...(only === undefined ? {} : { only }),
    ...(runs === undefined ? {} : { runs }),
    ...(replay === undefined ? {} : { replay }),
  };
}

/** The first signal ends the run early, a second one at once. */
async function untilStopped(options: VerifyOptions, clear: () => void) {
  const stop = new AbortController();
  let signal: "SIGINT" | "SIGTERM" | null = null;
  const hear = (heard: "SIGINT" | "SIGTERM") => {
    if (signal !== null) process.exit(heard === "SIGINT" ? 130 : 143);
    signal = heard;
    stop.abort();
    clear();
    process.stderr.write("settle: ending early, and taking away what was made; once more to leave it there\n");
  };
  process.on("SIGINT", hear);
  process.on("SIGTERM", hear);
  try {
    const report = await orCannotRun(() => verify({ ...options, signal: stop.signal }));
    return { report, signal: signal as "SIGINT" | "SIGTERM" | null };
  } finally {
    process.off("SIGINT", hear);
    process.off("SIGTERM", hear);
  }
}

async function orCannotRun<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TargetUnreachable) {
      throw new CannotRun(`${error.message}; start the implementation, or mend the URL`, { cause: error });
    }
    if (error instanceof CredentialsRefused) {
      throw new CannotRun(`${error.message}; check --org, --key and --secret, or the variables that stand for them`, {
        cause: error,
      });
    }
    throw error;
  }
}

/** The command that replay arguments are given to; credentials stay in the environment. */
function commandOf(url: string, { seed, runs, profile, scenarios = [] }: VerifyFlags): string {
  const words = [
    ...["settle", "verify", url, "--seed", String(seed)],
    ...(runs === undefined ? [] : ["--runs", String(runs)]),
    ...(profile === "default" ? [] : ["--profile", profile]),
    ...scenarios.flatMap((file) => ["--scenarios", file]),
  ];
  return words.map(shellWord).join(" ");
}
