// The hot operations of Settle and of its rivals, turn and turn about: each round of one is followed by the others', so that all meet the same noise, the machine's and the load generator's.

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Contender, OperationFigures, Round } from "./figures.ts";
import { contenders } from "./figures.ts";
import { answersOf, fill, type HotOperation, hotOperations } from "./hot-operations.ts";
import { load } from "./load.ts";
import { machine, type Plan } from "./plan.ts";
import type { Running } from "./programs.ts";
import { startSettle } from "./programs.ts";
import { startEcho, startMockoon, startPrism } from "./rivals.ts";

type Contest = { [C in Contender]: Running };

/** @param store where Settle's store file is made */
export async function measureOperations(store: string, plan: Plan): Promise<OperationFigures> {
  const { connections, instances, contextBytes, rounds, seconds } = plan;
  const folder = dirname(store);
  await mkdir(folder, { recursive: true });
  await withSettle(store, (settle) => fill(settle, connections, instances));
  const running: Running[] = [];
  try {
    const add = async <R extends Running>(starting: Promise<R>) => {
      const program = await starting;
      running.push(program);
      return program;
    };
    const settle = await add(startSettle(store, [machine]));
    const operations = hotOperations(instances);
    const answers = await answersOf(settle, operations);
    const mockoon = await add(startMockoon(folder, answers));
    const prism = await add(startPrism());
    const echo = await add(startEcho(folder, answers));
    const measured = await compete({ settle, prism, mockoon, echo }, operations, plan);
    return { workload: { connections, instances, contextBytes, rounds, seconds }, operations: measured };
  } finally {
    await Promise.all(running.map((program) => program.stop()));
  }
}

async function compete(
  contest: Contest,
  operations: HotOperation[],
  { connections, rounds, seconds, warmUpSeconds }: Plan,
): Promise<OperationFigures["operations"]> {
  const one = (name: Contender, { next }: HotOperation, length: number) =>
    load(contest[name], connections, length, next);
  for (const operation of operations) for (const name of contenders) await one(name, operation, warmUpSeconds);
  const measured: OperationFigures["operations"] = {};
  for (let round = 0; round < rounds; round++) {
    // Whoever begins is another one each time, so that nobody always follows the same.
    const order = [...contenders.slice(round % contenders.length), ...contenders.slice(0, round % contenders.length)];
    for (const operation of operations) {
      const figures: Partial<{ [C in Contender]: Round }> = {};
      for (const name of order) figures[name] = await one(name, operation, seconds);
      measured[operation.name] = [...(measured[operation.name] ?? []), figures as { [C in Contender]: Round }];
    }
  }
  return measured;
}

/** A store as a clean stop leaves it. */
async function withSettle(store: string, work: (settle: Running) => Promise<void>): Promise<void> {
  const settle = await startSettle(store, [machine]);
  try {
    await work(settle);
  } finally {
    await settle.stop();
  }
}
