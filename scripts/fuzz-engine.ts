// `npm run fuzz:engine`: random machines against native XState; says what was covered, and prints a failure with the command that replays it.

import { parseArgs } from "node:util";
import { shortcomings } from "../test/fuzz/coverage.ts";
import type { EngineName } from "../test/fuzz/fuzz.ts";
import { fuzz } from "../test/fuzz/fuzz.ts";
import { describeFailure } from "../test/fuzz/report.ts";
import type { Major } from "../test/fuzz/spec.ts";

const usage = `npm run fuzz:engine -- [--seed <n>] [--runs <n>] [--path <replay path>] [--major 4|5] [--engine session|sandbox]

  --seed    which machines: the same seed gives the same ones          (default: of the moment, and printed)
  --runs    how many for each XState                                   (default: 500)
  --path    the one case that a failure printed; needs --seed and --major
  --major   only this XState                                           (default: 5, then 4)
  --engine  session: the engine's worker code in this process (fast)   (default)
            sandbox: all of it, a worker of the real runner for each machine
`;

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    runs: { type: "string", default: "500" },
    path: { type: "string" },
    major: { type: "string" },
    engine: { type: "string", default: "session" },
    help: { type: "boolean", default: false },
  },
});
process.exitCode = await main();

async function main(): Promise<number> {
  const { seed, runs, path, major, engine } = values;
  const isUsable =
    /^-?\d+$/.test(seed) && /^\d+$/.test(runs) && /^[45]?$/.test(major ?? "") && /^(session|sandbox)$/.test(engine);
  if (values.help || !isUsable || (path !== undefined && major === undefined)) {
    process[values.help ? "stdout" : "stderr"].write(usage);
    return values.help ? 0 : 2;
  }
  let code = 0;
  for (const one of major === undefined ? [5, 4] : [Number(major)]) {
    code = Math.max(code, await run(one as Major, Number(seed), Number(runs), engine as EngineName, path));
  }
  return code;
}

async function run(major: Major, seed: number, runs: number, engine: EngineName, path?: string): Promise<number> {
  const start = performance.now();
  const { coverage, failure } = await fuzz({ major, seed, runs, engine, ...(path === undefined ? {} : { path }) });
  const seconds = ((performance.now() - start) / 1_000).toFixed(1);
  process.stdout.write(`XState ${major}, seed ${seed}, ${engine}, ${seconds} s:\n${coverage}\n`);
  if (failure) process.stdout.write(`\n${describeFailure(failure)}`);
  if (failure) return 1;
  // One case that is replayed, or a handful, can't cover much.
  const missing = path === undefined && runs >= 100 ? shortcomings(coverage, major) : [];
  for (const line of missing) process.stdout.write(`too little to mean anything: ${line}\n`);
  return missing.length > 0 ? 1 : 0;
}
