// `npm run soak`: a steady load of everything for a long time; says whether memory stayed flat and every answer was a right one.

import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Counts } from "../test/soak/client.ts";
import { type Soaked, soak } from "../test/soak/soak.ts";
import type { Sample } from "../test/soak/verdict.ts";

const usage = `npm run soak -- [--minutes <n>] [--rate <n>] [--instances <n>] [--seed <n>] [--out <file>] [-- <serve options>]

  --minutes    how long                                          (default: 60)
  --rate       requests a second                                 (default: 300)
  --instances  how many live at a time                           (default: 500)
  --seed       what is asked for, in which order                 (default: of the moment, and printed)
  --out        every sample of memory, as a line of JSON
  serve options, such as -- --durability power, are passed on
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: "string", default: "60" },
    rate: { type: "string", default: "300" },
    instances: { type: "string", default: "500" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
/** Some more than a server keeps idle workers. */
const versions = 35;
const sampleMs = 10_000;
const minuteMs = 60_000;
const write = (line: string) => process.stdout.write(`${line}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  const { minutes, rate, instances, seed } = values;
  const isUsable =
    /^\d+(\.\d+)?$/.test(minutes) && [rate, instances].every((n) => /^[1-9]\d*$/.test(n)) && /^\d+$/.test(seed);
  if (values.help || !isUsable || Number(minutes) <= 0) {
    process[values.help ? "stdout" : "stderr"].write(usage);
    return values.help ? 0 : 2;
  }
  const folder = await mkdtemp(join(tmpdir(), "settle-soak-"));
  const out = values.out === undefined ? null : createWriteStream(values.out);
  const durationMs = Number(minutes) * minuteMs;
  let nextLineMs = minuteMs;
  write(`${minutes} minutes at ${rate} requests a second on ${instances} instances, seed ${seed}`);
  try {
    const soaked = await soak({
      ...{ folder, durationMs, rate: Number(rate), seed: Number(seed), instances: Number(instances) },
      versions,
      sampleMs: Math.min(sampleMs, durationMs / 18),
      serveOptions: positionals,
      onSample(sample, { client, ...now }) {
        out?.write(`${JSON.stringify({ ...sample, ...now, answers: sum(client.counts) })}\n`);
        if (sample.atMs < nextLineMs) return;
        tell(sample, sum(client.counts), client.oddities.size);
        nextLineMs += minuteMs;
      },
    });
    return summarize(soaked);
  } finally {
    out?.end();
    await rm(folder, { recursive: true, force: true });
  }
}

function tell(sample: Sample, answers: number, oddities: number): void {
  const { atMs, server, serverHeap, runner } = sample;
  const minute = (atMs / minuteMs).toFixed(1).padStart(5);
  write(
    `${minute} min: server ${mb(server)} (heap ${mb(serverHeap)}), runner ${mb(runner)}, ${answers} answers, ${oddities} kinds of wrong ones`,
  );
}

function summarize({ trends, client, leftOut, updates, isFine }: Soaked): number {
  for (const [what, counts] of Object.entries(client.counts)) {
    const each = Object.entries(counts).map(([status, count]) => `${count} × ${status === "0" ? "none" : status}`);
    write(`${what.padEnd(24)} ${each.join(", ")}`);
  }
  write(
    `${updates} realtime messages; ${leftOut} requests left out, since the server was not fast enough for the rate`,
  );
  for (const [what, { count, first }] of client.oddities) write(`WRONG ${count} × ${what} ${first}`);
  for (const { what, early, late, isFlat } of trends) {
    write(
      `${what.padEnd(14)} early ${mb(early)}, late ${mb(late)}: ${((late / early - 1) * 100).toFixed(1)} %${isFlat ? "" : ", more than 10 %"}`,
    );
  }
  write(isFine ? "flat, and every answer was a right one" : "NOT FINE");
  return isFine ? 0 : 1;
}

function sum(counts: Counts): number {
  return Object.values(counts)
    .flatMap((each) => Object.values(each))
    .reduce((total, count) => total + count, 0);
}

function mb(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MB`;
}
