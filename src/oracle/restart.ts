// Stops and starts the target by its own command, in the middle of requests, and counts which of them were acknowledged.

import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Restart, Send } from "./contracts.ts";
import type { Answer, Exchange } from "./exchange.ts";

export interface Restarting {
  /** A shell command that stops the target at once, starts it again on the same data, and ends when it answers. */
  command: string;
  exchange: Exchange;
  /** Sends a step, and judges the answer by its claims. */
  send: (step: Send) => Promise<Answer>;
}

/** Sends of one kind, one after another: how many were answered with a success, and how many were begun. */
export interface Tally {
  acknowledged: number;
  attempted: number;
}

/** How many of each kind are acknowledged before the target is stopped. */
const enoughBefore = 20;
const patienceMs = 60_000;

/**
 * Sends each step of `during` again and again until the target is gone.
 * @throws when the command fails, or the target does not answer after it: the oracle can't judge then
 */
export async function restartTarget(
  { during = [] }: Restart,
  { command, exchange, send }: Restarting,
): Promise<Tally[]> {
  const gone = { isTold: false };
  const tallies = during.map((): Tally => ({ acknowledged: 0, attempted: 0 }));
  const senders = during.map(async (step, i) => {
    const tally = tallies[i] as Tally;
    while (!gone.isTold) {
      tally.attempted++;
      const { status } = await send(step);
      if (status < 200 || status > 299) return;
      tally.acknowledged++;
    }
  });
  const sending = Promise.all(senders);
  let isOver = false;
  void sending.then(() => {
    isOver = true;
  });
  while (!isOver && tallies.some(({ acknowledged }) => acknowledged < enoughBefore)) await sleep(1);
  await run(command);
  gone.isTold = true;
  await sending;
  await untilAnswered(exchange);
  return tallies;
}

async function run(command: string): Promise<void> {
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"], timeout: patienceMs });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = `${stderr}${chunk}`.slice(-500);
  });
  // Not `close`: what the command leaves running may keep its outputs.
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (...ended) => resolve(ended));
  });
  child.stderr.destroy();
  if (code !== 0) throw new Error(`The restart command ended with ${code ?? signal}: ${stderr.trim()}`);
}

async function untilAnswered(exchange: Exchange): Promise<void> {
  const pauseMs = 100;
  for (let attempt = 0; attempt < patienceMs / pauseMs; attempt++) {
    const { status } = await exchange.send({ method: "GET", path: "/machines", headers: {}, caller: {} });
    if (status !== 0) return;
    await sleep(pauseMs);
  }
  throw new Error(`The target does not answer ${patienceMs / 1_000} s after the restart command ended.`);
}
