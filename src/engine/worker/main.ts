// A worker's dispatcher: one machine version, its calls and its sessions.

import { setImmediate } from "node:timers";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promiseHooks } from "node:v8";
import { parentPort, workerData } from "node:worker_threads";
import type { FromWorker, Limits, ToWorker } from "../protocol.ts";
import { maxLineLength, wholeWorker } from "../protocol.ts";
import type { Chart, Loaded } from "./chart.ts";
import { loadChart } from "./chart.ts";
import { describeThrown, describeWithStack, installConsole } from "./console.ts";
import { ContextTooLarge } from "./context-limit.ts";
import { shareCryptography } from "./fair-share.ts";
import { askMapper } from "./mapper.ts";
import type { LoadedMigration } from "./migration.ts";
import { loadMigration, migrate } from "./migration.ts";
import { guardNetwork } from "./network.ts";
import { answerWithin, TooLate } from "./patience.ts";
import { installHook } from "./persistent.ts";
import { scrubGlobals } from "./scrub.ts";
import { Session } from "./session.ts";
import { installVirtualDate } from "./virtual-date.ts";

type ReadCall = Extract<ToWorker, { op: "read" }>;

const port = parentPort;
if (!port) throw new Error("this module runs in a worker only");
const { beat, limits, time, isTraced } = workerData as {
  beat: Int32Array;
  limits: Limits;
  time: BigInt64Array;
  isTraced: boolean;
};
const sessions = new Map<number, Session>();

const send = (message: FromWorker) => {
  const line = JSON.stringify(message);
  if (line.length > maxLineLength)
    throw new Error(`it amounts to ${line.length} characters of JSON, and the limit is ${maxLineLength}`);
  outgoing.push(line);
  if (message.t === "log" || outgoing.length === mostTogether) flush();
  else if (outgoing.length === 1) setImmediate(flush);
};
/**
 * What is said in one turn of the event loop goes out together, since every message wakes a thread; a few lines at a time, so that the server
 * works on the first ones meanwhile. What machine code prints goes at once with all before it: it may be the last that is heard of it.
 */
const mostTogether = 4;
let outgoing: string[] = [];
function flush(): void {
  if (outgoing.length > 0) port?.postMessage(outgoing);
  outgoing = [];
}
const output = installConsole(send);
/** Tells the watchdog whose doing it is from here on. */
const mark = (id: number) => void Atomics.store(beat, 0, id);

// A throw outside any call (a timer of the machine's own, a forgotten promise) is its author's to know, and no reason to stop the rest.
process.on("uncaughtException", (error) => output.note(undefined, `uncaught: ${describeWithStack(error)}`));
process.on("unhandledRejection", (error) => output.note(undefined, `unhandled rejection: ${describeWithStack(error)}`));
if (Atomics.load(time, 0) !== 0n) installVirtualDate(() => Number(Atomics.load(time, 0)));
installHook();
guardNetwork(limits.allowLocal);
shareCryptography();
scrubGlobals(port, () => mark(output.current()));
// What goes on after an await is nobody's that the calls or timers could tell.
if (isTraced) promiseHooks.onBefore(() => output.current() !== 0 && mark(output.current()));
// From here on machine code runs: the watchdog counts only now, not while the worker itself was starting.
Atomics.store(beat, 1, -1);

type Call<Op extends ToWorker["op"]> = Extract<ToWorker, { op: Op }>;

/**
 * What the worker's code is shows in what is asked of it: a version's is a statechart, a migration's two functions. What a module prints
 * while it loads belongs to nobody's call.
 */
const chartCode = once(() => loading(loadChart));
const migrationCode = once(() => loading(loadMigration));

let isLoading = false;
async function loading<T>(load: () => Promise<T>): Promise<T> {
  isLoading = true;
  mark(wholeWorker);
  try {
    return await output.during(0, load);
  } finally {
    isLoading = false;
  }
}

/** Whose code it is, if any, that runs next without a call of ours: of the module while it loads, of the only session there is. */
function likely(): number {
  if (isLoading) return wholeWorker;
  const [only = 0] = sessions.size === 1 ? sessions.keys() : [];
  return only;
}

port.on("message", (message: unknown) => {
  if (typeof message === "number") {
    mark(likely());
    Atomics.store(beat, 1, message);
    return;
  }
  // Each has a turn of its own, so that whatever it leaves to promises is done under its own name.
  for (const line of message as string[]) setImmediate(obey, line);
});

function obey(line: string): void {
  // However many wait behind each other, each may compute for as long as one may.
  Atomics.add(beat, 2, 1);
  const call = JSON.parse(line) as ToWorker;
  if (call.op === "read") return void readEach(call);
  const id = "id" in call ? call.id : call.session;
  during(id, () => dispatch(call));
}

/**
 * Runs a call's code so that its output is told apart, and that the watchdog can name the call that never comes back, or whose promises
 * never let anything else have a turn.
 */
function during(id: number, run: () => Promise<void>): void {
  mark(id);
  output.during(id, () => void run().catch((error: unknown) => fail(id, error)));
}

/** What there was to say can't be written, or is too long. */
function fail(id: number, error: unknown): void {
  send({ t: "failed", id, reason: "machine-error", message: describeThrown(error) });
}

async function dispatch(call: Exclude<ToWorker, ReadCall>): Promise<void> {
  if (call.op === "committed") return sessions.get(call.session)?.committed(call.ok);
  if (call.op === "end") return sessions.get(call.session)?.end();
  if (call.op === "inspect-migration") return send(inspectedMigration(call.id, await migrationCode()));
  if (call.op === "migrate") return runMigration(call);
  const loaded = await chartCode();
  if (call.op === "inspect") return send(inspected(call.id, loaded));
  if (!("chart" in loaded)) return refuse(call, loaded);
  const { chart } = loaded;
  if (call.op === "locate") return locate(call, chart);
  if (call.op === "explain") return explainEvent(call, chart);
  if (call.op === "map-request" || call.op === "map-response") {
    const { mappedBytes } = limits;
    const note = (text: string) => output.note(call.id, text);
    return send(await askMapper(call, { mapper: chart.httpApiMapper, mappedBytes, note }));
  }
  if (call.op === "join") {
    const session = sessions.get(call.session);
    return session ? session.join(call) : send({ t: "gone", id: call.id });
  }
  try {
    const note = (text: string) => output.note(call.id, text);
    const onEnd = () => sessions.delete(call.id);
    const session = new Session(call, { chart, contextBytes: limits.contextBytes, send, note, mark, onEnd });
    sessions.set(call.id, session);
    await session.start();
  } catch (error) {
    sessions.delete(call.id);
    refuse(call, { t: "failed", id: call.id, reason: "machine-error", message: describeThrown(error) });
  }
}

type NotLoaded = Exclude<Loaded, { chart: unknown }>;
type Refusable = Exclude<ToWorker, ReadCall | { op: "committed" | "end" }>;

function unloaded(id: number, { reason, message }: NotLoaded): FromWorker {
  return { t: "failed", id, reason: reason === "invalid" ? "load-error" : reason, message };
}

/** Answers a call for which there is no session; one that would have opened it is also told that it is over. */
function refuse({ op, id }: Refusable, why: NotLoaded | FromWorker): void {
  send("t" in why ? why : unloaded(id, why));
  if (op === "create" || op === "event" || op === "arrive") {
    send({ t: "final", session: id, calls: [], outcome: "settled" });
  }
}

function inspectedMigration(id: number, loaded: LoadedMigration): FromWorker {
  return "migration" in loaded ? { t: "usable", id } : { t: "inspected", id, ok: false, ...loaded };
}

function inspected(id: number, loaded: Loaded): FromWorker {
  if ("chart" in loaded) return { t: "inspected", id, ok: true, xstate: loaded.chart.xstate };
  return { t: "inspected", id, ok: false, reason: loaded.reason, message: loaded.message };
}

/** Every reader is asked about with a copy of its own: what an authorizer does to one must not reach the next. */
async function readEach({ asks, name, state, context, timeoutMs }: ReadCall): Promise<void> {
  const loaded = await chartCode();
  const shown = asks.length > 1 ? JSON.stringify({ state, context }) : undefined;
  for (const { id, auth } of asks) {
    if (!("chart" in loaded)) {
      send(unloaded(id, loaded));
      continue;
    }
    const copy = shown === undefined ? { state, context } : (JSON.parse(shown) as object);
    const request = { machineInstanceName: name, ...copy, authContext: auth };
    during(id, () => read(id, () => loaded.chart.allowRead(request), timeoutMs));
    // However many are asked about, only one that computes too long may count as not yielding.
    if (shown !== undefined) await nextTurn();
  }
}

async function read(id: number, allowRead: () => unknown, timeoutMs: number): Promise<void> {
  try {
    send((await answerWithin(timeoutMs, "allowRead", allowRead())) ? { t: "allowed", id } : { t: "rejected", id });
  } catch (error) {
    if (error instanceof TooLate) return send({ t: "failed", id, reason: "settle-timeout", message: error.message });
    output.note(id, `allowRead threw: ${describeWithStack(error)}`);
    send({ t: "rejected", id, message: `allowRead threw: ${describeThrown(error)}` });
  }
}

async function locate({ id, state, snapshot }: Call<"locate">, chart: Chart): Promise<void> {
  try {
    send({ t: "located", id, at: (await chart.positions()).locate(state, snapshot) });
  } catch (error) {
    send({ t: "failed", id, reason: "machine-error", message: describeThrown(error) });
  }
}

async function explainEvent(call: Call<"explain">, chart: Chart): Promise<void> {
  const { explain } = await import("./explain.ts");
  try {
    send({ t: "explained", id: call.id, ...(await explain(call, chart, limits.contextBytes)) });
  } catch (error) {
    send({ t: "failed", id: call.id, reason: "machine-error", message: describeThrown(error) });
  }
}

async function runMigration({ id, position, timeoutMs }: Call<"migrate">): Promise<void> {
  const code = await migrationCode();
  if (!("migration" in code)) return send({ t: "failed", id, reason: "load-error", message: code.message });
  try {
    const { contextBytes } = limits;
    const moving = migrate(code.migration, position, { contextBytes, note: (text) => output.note(id, text) });
    const moved = await answerWithin(timeoutMs, "the migration", moving);
    send({ t: "migrated", id, position: moved });
  } catch (error) {
    if (error instanceof TooLate) return send({ t: "failed", id, reason: "settle-timeout", message: error.message });
    const reason = error instanceof ContextTooLarge ? "context-too-large" : "machine-error";
    output.note(id, describeWithStack(error));
    send({ t: "failed", id, reason, message: describeThrown(error) });
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
