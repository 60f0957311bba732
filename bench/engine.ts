// CPU time of the engine, a program of its own so that nothing else has warmed or filled its heap: node bench/engine.ts <rounds> <operations>
//
// An operation is an event with its context of 1 kB: read from JSON, allowed, stepped, and written as the JSON of its commit. First XState
// alone, as the measure of the machine's pace; then the engine in this thread; then the whole hop to the runner and back.

import { fileURLToPath } from "node:url";
import { initialTransition, transition } from "xstate";
import type { JsonObject } from "../src/domain/json.ts";
import type { CodeRef, Outcome, Step } from "../src/engine/port.ts";
import type { FromWorker, ToWorker } from "../src/engine/protocol.ts";
import { createSandboxEngine } from "../src/engine/sandbox.ts";
import type { Chart } from "../src/engine/worker/chart.ts";
import type { Machine4 } from "../src/engine/worker/internals4.ts";
import type { Machine5 } from "../src/engine/worker/internals5.ts";
import { Session } from "../src/engine/worker/session.ts";
import { createActor4 } from "../src/engine/worker/v4.ts";
import { createActor5 } from "../src/engine/worker/v5.ts";
import { bundleMachine, stopBundler } from "../src/sources/bundle.ts";
import type { EngineRound } from "./figures.ts";
import machine, { allowRead, allowWrite } from "./machine.ts";
import machine4 from "./machine4.ts";
import { childrenOf, cpuMicroseconds } from "./programs.ts";

const [rounds = 1, operations = 1_000] = process.argv.slice(2).map(Number);
/** Events under way at a time through the hop. */
const inFlight = 64;
const auth = { sub: "settle-admin" };
const context = { owner: "settle-admin", notes: "n".repeat(989), public: { count: 0 } };
const event = { type: "add" as const, by: 1 };

type Last = Extract<FromWorker, { t: "final" }>;

/** The worker's part: a message's text in, the text of what is answered out. */
async function answer(chart: Chart, text: string): Promise<string> {
  const said: string[] = [];
  const session = new Session(JSON.parse(text), {
    chart,
    contextBytes: 400_000,
    send: (message) => said.push(JSON.stringify(message)),
    note: (note) => {
      throw new Error(note);
    },
    mark: () => {},
    onEnd: () => {},
  });
  await session.start();
  return said.join("\n");
}

/** The message for an event on an instance as its creation left it. */
async function eventMessage(chart: Chart): Promise<string> {
  const common = { id: 1, name: "one", hasParent: false, seed: "seed", auth, ask: true, timeoutMs: 10_000 };
  const { step } = JSON.parse(
    await answer(chart, JSON.stringify({ op: "create", ...common, context } satisfies ToWorker)),
  ) as Last;
  if (!step) throw new Error("a creation commits nothing");
  const { state, context: kept, snapshot, running } = step;
  return JSON.stringify({ op: "event", ...common, event, state, context: kept, snapshot, running } satisfies ToWorker);
}

function chartOf(xstate: 4 | 5, createActor: Chart["createActor"]): Chart {
  const positions = () => Promise.reject(new Error("nothing is upgraded here"));
  return { xstate, allowRead, allowWrite, httpApiMapper: {}, createActor, positions } as unknown as Chart;
}

const charts = {
  v5: chartOf(5, (receive, options) => createActor5(machine as unknown as Machine5, receive, options)),
  v4: chartOf(4, (receive, options) => createActor4(machine4 as unknown as Machine4, receive, options)),
};

/** What is measured of XState alone: a creation and two events. */
function bareOperation(): void {
  let [snapshot] = initialTransition(machine);
  for (let n = 0; n < 2; n++) [snapshot] = transition(machine, snapshot, event);
}

/** This process's CPU time for an operation, in microseconds. */
async function cost(amount: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < amount; n++) await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / amount;
}

async function engineCost(chart: Chart, amount: number): Promise<number> {
  const text = await eventMessage(chart);
  const counted = JSON.parse(await answer(chart, text)) as Last;
  if (JSON.stringify(counted.step?.context.public) !== '{"count":1}') throw new Error("the event was not taken");
  return cost(amount, () => answer(chart, text));
}

const engine = createSandboxEngine({
  cpuTimeoutMs: 1_000,
  onLog: ({ log }) => process.stderr.write(`${log}\n`),
  onTrouble: (message) => process.stderr.write(`${message}\n`),
});

/** Delivers to an instance of its own each time, and takes what it commits for stored. */
async function deliver(code: CodeRef, slug: string, resting: Step | undefined): Promise<Step> {
  const committed: Step[] = [];
  const { outcome } = engine.deliver({
    instance: { orgId: "org", machine: "bench", slug },
    code,
    what: resting ? { kind: "event", event, resting } : { kind: "create", context: context as JsonObject },
    authContext: auth,
    seed: "seed",
    settleTimeoutMs: 10_000,
    commit: async (step) => {
      committed.push(step);
      return { ts: 0, state: step.state, tags: step.tags, done: step.done };
    },
  });
  const { kind }: Outcome = await outcome;
  const [step] = committed;
  if (kind !== "settled" || !step) throw new Error(`a delivery ended as ${kind}`);
  return step;
}

async function hopCost(code: CodeRef, runner: number, amount: number): Promise<EngineRound["hop"]> {
  const resting = await deliver(code, "first", undefined);
  const runnerBefore = cpuMicroseconds(runner);
  let begun = 0;
  const line = async (_: unknown, n: number) => {
    while (begun++ < amount) await deliver(code, `one-${n}`, resting);
  };
  const server = await cost(1, () => Promise.all(Array.from({ length: inFlight }, line)));
  return { server: server / amount, runner: (cpuMicroseconds(runner) - runnerBefore) / amount };
}

const { code: source } = await bundleMachine(fileURLToPath(new URL("machine.ts", import.meta.url)));
await stopBundler();
const code: CodeRef = { versionId: "ver", fetch: async () => source };
await deliver(code, "warm", undefined);
const [runner = 0] = childrenOf(process.pid);
const figures: EngineRound[] = [];
for (let round = -1; round < rounds; round++) {
  const figure = {
    bare: await cost(operations, bareOperation),
    v5: await engineCost(charts.v5, operations),
    v4: await engineCost(charts.v4, operations),
    hop: await hopCost(code, runner, operations),
  };
  // The round before the first one is there to be compiled.
  if (round >= 0) figures.push(figure);
}
await engine.close();
process.stdout.write(JSON.stringify(figures));
