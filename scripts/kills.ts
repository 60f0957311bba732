// `npm run kills`: kill -9 rounds under load; says how much survived, and exits 1 with the evidence at the first loss.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Loss, type Progress, runKills } from "../test/kills/rounds.ts";

const usage = `npm run kills -- [--rounds <n>] [--folder <path>] [--seed <n>] [--rounds-of-store <n>]

  --rounds           how many in all, those of earlier runs in the folder included   (default: 1000)
  --folder           the store, the progress and the evidence of a loss; a run that was
                     interrupted goes on in the same folder                          (default: a new one, printed)
  --seed             what is sent and when it is killed; the moments are the machine's too   (default: of the moment)
  --rounds-of-store  after so many the next begins with an empty store               (default: 25)
`;

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "1000" },
    folder: { type: "string" },
    seed: { type: "string", default: String(Date.now() % 1_000_000_000) },
    "rounds-of-store": { type: "string", default: "25" },
    help: { type: "boolean", default: false },
  },
});
const everyRounds = 25;
const write = (line: string) => process.stdout.write(`${line}\n`);
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
process.exitCode = await main();

async function main(): Promise<number> {
  const { rounds, seed, "rounds-of-store": roundsOfStore } = values;
  const isUsable = /^[1-9]\d*$/.test(rounds) && /^\d+$/.test(seed) && /^[1-9]\d*$/.test(roundsOfStore);
  if (values.help || !isUsable) {
    process[values.help ? "stdout" : "stderr"].write(usage);
    return values.help ? 0 : 2;
  }
  const folder = resolve(values.folder ?? (await mkdtemp(join(tmpdir(), "settle-kills-"))));
  write(`in ${folder}`);
  let tookMs = 0;
  const { progress, loss } = await runKills({
    folder,
    rounds: Number(rounds),
    seed: Number(seed),
    roundsOfStore: Number(roundsOfStore),
    onRound(progress, ms) {
      tookMs += ms;
      if (progress.done % everyRounds !== 0) return;
      write(`${describe(progress)}, ${(tookMs / everyRounds / 1_000).toFixed(2)} s a round`);
      tookMs = 0;
    },
  });
  if (loss) return tell(loss, progress);
  write(`nothing acknowledged was lost: ${describe(progress)}, seed ${progress.seed}`);
  return 0;
}

function describe({ done, totals, inCompaction, inStart }: Progress): string {
  const { creates, events, timers, deletions, unanswered } = totals;
  const acknowledged = `${creates} creations, ${events} events (${timers} with a timer) and ${deletions} deletions acknowledged`;
  return `${done} rounds: ${acknowledged}, ${unanswered} requests unanswered, ${inCompaction} kills in a compaction, ${inStart} in a start`;
}

function tell({ round, faults, evidence }: Loss, { seed }: Progress): number {
  write(`LOSS in round ${round}, seed ${seed}:`);
  for (const fault of faults.slice(0, 20)) write(`  ${fault}`);
  if (faults.length > 20) write(`  and ${faults.length - 20} more`);
  write(`the store as the kill left it, what the clients knew, and all faults: ${evidence}`);
  return 1;
}
