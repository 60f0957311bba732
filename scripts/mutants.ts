// `npm run mutants`: the oracle and Prism against every broken server; says what each of them noticed, how soon, and whom they blamed wrongly.

import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { benignVariants } from "../test/mutants/benign.ts";
import { mutants, type Part, partOf } from "../test/mutants/catalogue.ts";
import type { BenignVariant, Mutant } from "../test/mutants/fault.ts";
import { alarmsOf, type Judgement, judgeBenign, judgeMutant, loadBench } from "../test/mutants/judge.ts";
import { startPrismJudge } from "../test/mutants/prism-judge.ts";

const usage = `npm run mutants -- [--only <id>[,<id>]] [--part development|held-out] [--seeds <n>[,<n>]] [--runs <n>]
                   [--concurrency <n>] [--no-prism] [--no-oracle] [--json <file>]

  --only         these mutants and benign variants, by the start of their ids   (default: all)
  --part         only the mutants of this part, and no benign variants
  --seeds        each is judged once with each seed                             (default: 1)
  --runs         size of the oracle's generated part                            (default: the oracle's own)
  --concurrency  how many are judged at a time                                  (default: 2)
  --no-prism     without the second judge
  --no-oracle    the second judge alone
  --json         everything that was found, as a file
`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    only: { type: "string", default: "" },
    part: { type: "string" },
    seeds: { type: "string", default: "1" },
    runs: { type: "string" },
    concurrency: { type: "string", default: "2" },
    prism: { type: "boolean", default: true },
    oracle: { type: "boolean", default: true },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

interface Verdict {
  subject: Mutant | BenignVariant;
  isMutant: boolean;
  judgements: Judgement[];
  /** What Prism minded; undefined when it was not asked. */
  prism?: string[];
}

const write = (line: string) => process.stdout.write(`${line}\n`);
process.exitCode = await main();

async function main(): Promise<number> {
  const numbers = /^\d+(,\d+)*$/;
  const isUsable =
    numbers.test(values.seeds) &&
    /^[1-9]\d*$/.test(values.concurrency) &&
    /^\d*$/.test(values.runs ?? "") &&
    /^(development|held-out)?$/.test(values.part ?? "");
  const chosen = chooseSubjects(values.only, values.part as Part | undefined);
  if (values.help || !isUsable || chosen.length === 0) {
    process[values.help ? "stdout" : "stderr"].write(usage);
    return values.help ? 0 : 2;
  }
  const verdicts = chosen.map(
    (subject): Verdict => ({ subject, isMutant: mutants.includes(subject as Mutant), judgements: [] }),
  );
  if (values.oracle) await askOracle(verdicts, values.seeds.split(",").map(Number));
  if (values.prism) await askPrism(verdicts);
  summarize(verdicts);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(verdicts.map(asJson), null, 2)}\n`);
  return verdicts.every(isRight) ? 0 : 1;
}

function chooseSubjects(only: string, part: Part | undefined): (Mutant | BenignVariant)[] {
  const starts = only === "" ? [""] : only.split(",");
  const isNamed = ({ id }: { id: string }) => starts.some((start) => id.startsWith(start));
  const benign = part === undefined ? benignVariants : [];
  return [...mutants.filter(({ id }) => part === undefined || partOf(id) === part), ...benign].filter(isNamed);
}

async function askOracle(verdicts: readonly Verdict[], seeds: readonly number[]): Promise<void> {
  const bench = loadBench();
  const runs = values.runs === undefined ? undefined : Number(values.runs);
  const jobs = seeds.flatMap((seed) => verdicts.map((verdict) => ({ verdict, seed })));
  const work = async () => {
    for (let job = jobs.shift(); job; job = jobs.shift()) {
      const { verdict, seed } = job;
      const options = { ...bench, seed, runs };
      const judgement = verdict.isMutant
        ? await judgeMutant(verdict.subject as Mutant, options)
        : await judgeBenign(verdict.subject, options);
      verdict.judgements.push(judgement);
      write(lineOf(verdict, judgement));
    }
  };
  await Promise.all(Array.from({ length: Number(values.concurrency) }, work));
}

async function askPrism(verdicts: readonly Verdict[]): Promise<void> {
  const judge = await startPrismJudge();
  try {
    for (const verdict of verdicts) {
      verdict.prism = await judge.judge(verdict.subject.fault());
      if (verdict.prism.length > 0) write(`Prism     ${verdict.subject.id}  ${verdict.prism[0]}`);
    }
  } finally {
    await judge.close();
  }
}

function lineOf({ subject, isMutant }: Verdict, judgement: Judgement): string {
  const { killer, others, tookMs, error, seed } = judgement;
  const isAdvisory = ({ status }: { status: string }) => status === "warned";
  const found = others.filter((finding) => !isAdvisory(finding)).map(({ id }) => id);
  const warned = others.filter(isAdvisory).map(({ id }) => id);
  const aside = [
    ...(found.length > 0 ? [`${isMutant ? "also" : "alarms"}: ${found.join(" ")}`] : []),
    ...(warned.length > 0 ? [`warned: ${warned.join(" ")}`] : []),
    ...(error === undefined ? [] : [`error: ${error}`]),
  ].join("; ");
  const word = wordOf(isMutant, judgement);
  const seconds = `${((killer?.afterMs ?? tookMs) / 1_000).toFixed(1)} s`;
  return `${word.padEnd(9)} ${subject.id}  seed ${seed}  ${seconds.padStart(7)}  ${killer?.id ?? ""}  ${subject.title}${aside === "" ? "" : `\n          ${aside}`}`;
}

function wordOf(isMutant: boolean, judgement: Judgement): string {
  if (judgement.error !== undefined) return "broke";
  if (isMutant) return judgement.killer ? "killed" : "survived";
  return alarmsOf(judgement).length > 0 ? "blamed" : "clean";
}

function isRight({ isMutant, judgements }: Verdict): boolean {
  return judgements.every((judgement) => ["killed", "clean"].includes(wordOf(isMutant, judgement)));
}

function summarize(verdicts: readonly Verdict[]): void {
  const ofMutants = verdicts.filter(({ isMutant }) => isMutant);
  const ofBenign = verdicts.filter(({ isMutant }) => !isMutant);
  write("");
  if (values.oracle) {
    for (const part of ["development", "held-out"] as const)
      summarizeKills(
        part,
        ofMutants.filter(({ subject }) => partOf(subject.id) === part),
      );
    const judged = ofBenign.flatMap(({ judgements }) => judgements);
    const blamed = judged.filter((judgement) => wordOf(false, judgement) !== "clean");
    write(`Oracle, false alarms: ${blamed.length} of ${judged.length} runs against ${ofBenign.length} benign variants`);
  }
  if (!values.prism) return;
  const noticed = (some: readonly Verdict[]) => some.filter(({ prism = [] }) => prism.length > 0);
  write(
    `Prism: ${noticed(ofMutants).length} of ${ofMutants.length} mutants killed, ${noticed(ofBenign).length} of ${ofBenign.length} benign variants blamed`,
  );
}

/** A mutant counts as killed when every seed killed it. */
function summarizeKills(part: Part, verdicts: readonly Verdict[]): void {
  if (verdicts.length === 0) return;
  const killed = verdicts.filter(({ judgements }) => judgements.every(({ killer }) => killer));
  const times = verdicts
    .flatMap(({ judgements }) =>
      judgements.flatMap(({ killer }) => (killer?.afterMs === undefined ? [] : [killer.afterMs])),
    )
    .toSorted((a, b) => a - b);
  const seconds = (ms: number | undefined) => (ms === undefined ? "–" : `${(ms / 1_000).toFixed(1)} s`);
  const median = times[Math.floor((times.length - 1) / 2)];
  write(
    `Oracle, ${part}: ${killed.length} of ${verdicts.length} killed by a right rule; time to kill ${seconds(median)} in the median, ${seconds(times.at(-1))} at most`,
  );
  const survivors = verdicts.filter((verdict) => !killed.includes(verdict)).map(({ subject }) => subject.id);
  if (survivors.length > 0) write(`  survived: ${survivors.join(" ")}`);
}

function asJson({ subject: { id, title }, isMutant, judgements, prism }: Verdict) {
  return { id, title, kind: isMutant ? partOf(id) : "benign", judgements, ...(prism ? { prism } : {}) };
}
