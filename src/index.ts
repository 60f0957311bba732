// Settle as a library, and the one place where ports get their adapters: `startServer`.

import type { IncomingMessage, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { countManualRun, ensureCredentials } from "./bootstrap.ts";
import { compactionOf, tellingOfCommits, tellingOfResponses } from "./crash-points.ts";
import type { Clock, Entropy } from "./domain/clock.ts";
import type { Kind } from "./domain/kinds.ts";
import * as kinds from "./domain/kinds.ts";
import { lastMoment, type ManualClock } from "./domain/manual-clock.ts";
import { messageOf } from "./domain/message-of.ts";
import { isStorePath } from "./domain/store-path.ts";
import { coveringEngine, type StepWatcher, type WatchedVersion } from "./engine/covering.ts";
import type { Engine, LogLine } from "./engine/port.ts";
import { createSandboxEngine } from "./engine/sandbox.ts";
import type { App } from "./http/app.ts";
import { createApp } from "./http/app.ts";
import type { ServerLog } from "./http/errors.ts";
import type { ResponseCheckMode } from "./http/responses.ts";
import { createRemoteKeySets } from "./jwks/remote.ts";
import type { Dispatcher } from "./operations/dispatcher.ts";
import { assertHistoryRetention } from "./operations/history-retention.ts";
import { createLogKeeper, type LogKeeper, type LogRetention, limitsOf } from "./operations/log-keeper.ts";
import type { Settings } from "./operations/services.ts";
import type { Advanced, Preview } from "./operations/time-travel.ts";
import { createUpdates } from "./operations/updates.ts";
import {
  type HeapWatch,
  manualTimes,
  seededEntropy,
  systemEntropy,
  systemTimes,
  type Times,
  wallClock,
  watchHeap,
} from "./outside.ts";
import type { Published, PublisherOptions } from "./publisher.ts";
import { bundleCacheFolder, publishSources, watchSources } from "./publisher.ts";
import { createRuling, type PutIn, type ServerState, type Shelved, type StateOfServer, stateOf } from "./ruling.ts";
import { announce } from "./store/lowdb/address.ts";
import type { Store } from "./store/port.ts";
import { tampered } from "./tampering.ts";

export type {
  Advanced,
  LogLine,
  LogRetention,
  Preview,
  PutIn,
  ResponseCheckMode,
  ServerLog,
  ServerState,
  Shelved,
  WatchedVersion,
};

/** Every option of `settle serve`, as values. Durations are milliseconds. */
export interface ServerOptions {
  /** 0 = any free port. @default 4380 */
  port?: number;
  /** @default "127.0.0.1" */
  host?: string;
  /** A path of a JSON file, or `memory:`. @default ".settle/db.json" */
  store?: string;
  /** Files and folders whose sources become machines, as `settle serve --machines` takes them. @default [] */
  machines?: string[];
  /** Republish a machine when its source changes. @default false */
  watch?: boolean;
  /** @default 10000 */
  settleTimeoutMs?: number;
  /** Longest a machine may compute without yielding. @default 1000 */
  cpuTimeoutMs?: number;
  /** Between the tries of a timer's event or one from another instance. @default 30000 */
  retryDelayMs?: number;
  /** How many of each instance's newest transitions are kept; up to a tenth more may be. @default all of them */
  historyRetention?: number;
  /** How much is kept of what machine code prints. @default the newest 10,000 entries of each organization */
  logRetention?: LogRetention;
  /**
   * `manual`: time stands still and moves only through `server.clock.advance` or the control plane. It is the time of timers, `ts`,
   * `createdAt`, logs and machine code's `Date`; tokens, settle and CPU timeouts keep to the real one. @default "system"
   */
  clock?: "system" | "manual";
  /** Where a manual clock stands at first, epoch milliseconds. @default the real time */
  clockStartMs?: number;
  /** Base of absolute URLs in answers; without it, the request's own host. */
  publicUrl?: string;
  /** What a write survives before it is acknowledged: a killed process, or (`power`) a power cut too. @default "process" */
  durability?: "process" | "power";
  /** What happens to a response of ours that violates the document: a 500, a line in the log, nothing. @default "strict" */
  responseCheck?: ResponseCheckMode;
  /** The server's own log. @default nothing is written */
  log?: ServerLog;
  /** What machine code prints. @default nothing is written */
  onMachineLog?: (line: LogLine) => void;
  /** Hears what of the API and of statecharts is exercised; guards and authorizers are then asked once more for each event. @default nobody does */
  watcher?: ServerWatcher;
}

/** Whoever counts what a server was asked and did. */
export interface ServerWatcher extends StepWatcher {
  /** An operation was answered; 101 is a realtime socket. */
  answered(operationId: string, status: number): void;
}

export interface SettleServer extends StateOfServer {
  /** Where it listens, without a trailing slash. */
  url: string;
  orgId: string;
  keyId: string;
  secretKey: string;
  /** A token signed by the key, which has every scope. */
  adminToken: string;
  /** The store's path, or `memory:`. */
  store: string;
  /** The machines published from sources. */
  machines: string[];
  clock: ServerClock;
  /** A node request listener: `supertest(server.handler)` works without a port. */
  handler: (request: IncomingMessage, response: ServerResponse) => void;
  /**
   * Finishes the requests in hand (for at most some seconds), writes everything, lets go of the port and the store.
   * @throws when someone else changed the store's file: an error that says where everything is
   */
  close(): Promise<void>;
}

/** Moves a manual clock; with the real one `advance` rejects and `preview` throws. */
export interface ServerClock {
  /** Epoch milliseconds. */
  now(): number;
  /** Moves by `ms` milliseconds; resolves once everything that fell due on the way has settled. */
  advance(ms: number): Promise<Advanced>;
  /** What the same advance would deliver, as far as it is owed already. Nothing is done. */
  preview(ms: number): Preview;
}

/** What each of them may be. */
const optionKinds: { [K in keyof Required<ServerOptions>]: Kind } = {
  port: kinds.port,
  host: kinds.text,
  store: kinds.text,
  machines: kinds.texts,
  watch: kinds.yesOrNo,
  settleTimeoutMs: kinds.wait,
  cpuTimeoutMs: kinds.wait,
  retryDelayMs: kinds.wait,
  historyRetention: kinds.anything,
  logRetention: kinds.someObject,
  clock: kinds.oneOf("system", "manual"),
  clockStartMs: kinds.anything,
  publicUrl: kinds.webAddress,
  durability: kinds.oneOf("process", "power"),
  responseCheck: kinds.oneOf("strict", "warn", "off"),
  log: kinds.listener,
  onMachineLog: kinds.listener,
  watcher: kinds.someObject,
};

/** How long a stop waits for requests that wait for their machines, before those are interrupted. */
const closeGraceMs = 2_500;

/** And for clients that still send their request or read their answer then, before they are cut off: of the five seconds in all, the rest is the store's. */
const closeCutMs = 3_500;

/** @throws for an unknown option or a wrong value, a taken port, a store that can't be read, a machine that can't be published */
export async function startServer(options: ServerOptions = {}): Promise<SettleServer> {
  assertFit(options);
  const { port = 4380, host = "127.0.0.1", retryDelayMs = 30_000, log = () => {} } = options;
  const times = timesOf(options);
  let logs: LogKeeper | undefined;
  const sandbox = createEngine(options, times.manualClock, (line) => logs?.keep(line));
  // The sandbox takes its time to start; it does so while everything else is loaded.
  sandbox.warm();
  const { engine, told, onAnswer } = watching(sandbox, options.watcher);
  let store: Store | undefined;
  let app: App | undefined;
  let published: Published | undefined;
  let timeKeeping: Dispatcher | undefined;
  let withdraw: (() => Promise<void>) | undefined;
  const heap = watchHeap();
  const close = async () => {
    await withdraw?.();
    timeKeeping?.stop();
    await published?.close();
    if (app) await closeApp(app, () => engine.close());
    await told();
    await engine.close();
    await logs?.close();
    heap.stop();
    await store?.close();
  };
  try {
    store = await openStore(options, log);
    const entropy = times.manualClock ? seededEntropy(await countManualRun(store)) : systemEntropy;
    const credentials = await ensureCredentials(store, { clock: times.clock, wallClock, entropy });
    const { uploadSecret, orgId, keyId, secretKey, adminToken } = credentials;
    const settings = settingsOf(options, uploadSecret);
    logs = createLogKeeper(store, times.clock, limitsOf(options.logRetention));
    const outside = outsideWorld(times.clock, entropy, log);
    const services = await tampered(options, { store, engine, settings, logs, ...outside });
    let isReady = false;
    const sources = () => (isReady ? published : undefined);
    const ruled = await createRuling(services, times, retryDelayMs, sources, heap.isShort);
    timeKeeping = ruled.timeKeeping;
    const silent = createApp({
      services,
      ...edge(options, heap),
      owner: credentials,
      ...ruled,
      isReady: () => isReady,
      log,
      onAnswer,
    });
    app = tellingOfResponses(options, await silent);
    const url = await listen(app, host, port);
    published = await publishMachines(options, { services, orgId, inOrder: times.manualClock !== undefined, log });
    if (store.location !== "memory:") withdraw = await announced(store.location, url, log);
    timeKeeping.start();
    isReady = true;
    return {
      url,
      ...{ orgId, keyId, secretKey, adminToken },
      store: store.location,
      machines: published.names,
      clock: ruled.timeTravel ?? immovable(times.clock),
      ...stateOf(ruled.state),
      handler: app.routing,
      close: once(close),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** @throws TypeError that says what would be right */
function assertFit(options: ServerOptions): void {
  if (!kinds.isObject(options))
    throw new TypeError(`startServer takes an object of options, and not ${String(options)}`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(optionKinds, name)) throw new TypeError(`startServer has no option ${name}`);
    const { words, fits } = optionKinds[name as keyof ServerOptions];
    if (value !== undefined && !fits(value)) throw new TypeError(`${name} is ${words}, and not ${inspect(value)}`);
  }
}

/** What the edge is told of the options and the outside world. */
function edge({ publicUrl, responseCheck = "strict" }: ServerOptions, { isShort }: HeapWatch) {
  const version = packageVersion();
  return { publicUrl: publicUrl?.replace(/\/+$/, ""), responseCheck, version, isShortOfMemory: isShort };
}

function publishMachines(options: ServerOptions, rest: Omit<PublisherOptions, "paths" | "cacheFolder">) {
  const { location } = rest.services.store;
  const paths = (options.machines ?? []).map((path) => resolve(path));
  // A watcher of nothing would never be ready.
  const publish = options.watch && paths.length > 0 ? watchSources : publishSources;
  return publish({ ...rest, paths, cacheFolder: location === "memory:" ? undefined : bundleCacheFolder(location) });
}

/** The engine that operations see, and what is told of them. */
function watching(engine: Engine, watcher: ServerWatcher | undefined) {
  if (watcher === undefined) return { engine, told: async () => {}, onAnswer: undefined };
  const covering = coveringEngine(engine, watcher);
  const onAnswer = (operationId: string, status: number) => watcher.answered(operationId, status);
  return { engine: covering, told: () => covering.told(), onAnswer };
}

function timesOf({ clock = "system", clockStartMs }: ServerOptions): Times {
  if (clockStartMs === undefined) return clock === "manual" ? manualTimes(wallClock.now()) : systemTimes();
  if (clock !== "manual") throw new TypeError("clockStartMs needs clock: manual, since the real time can't be set");
  if (Number.isSafeInteger(clockStartMs) && clockStartMs > 0 && clockStartMs <= lastMoment)
    return manualTimes(clockStartMs);
  throw new TypeError(
    "clockStartMs is a whole number of epoch milliseconds, later than 1970 and before the year 10000",
  );
}

function immovable(clock: Clock): ServerClock {
  const refusal = () => new TypeError('the clock is the real one and can\'t be moved: start with clock: "manual"');
  return {
    now: () => clock.now(),
    advance: () => Promise.reject(refusal()),
    preview() {
      throw refusal();
    },
  };
}

function settingsOf({ settleTimeoutMs = 10_000, historyRetention }: ServerOptions, uploadSecret: string): Settings {
  assertHistoryRetention(historyRetention);
  return {
    settleTimeoutMs,
    pageSize: 100,
    uploadSecret,
    ...(historyRetention === undefined ? {} : { historyRetention }),
  };
}

function createEngine(options: ServerOptions, time: ManualClock | undefined, keep: (line: LogLine) => void) {
  const { cpuTimeoutMs = 1_000, onMachineLog, log } = options;
  return createSandboxEngine({
    cpuTimeoutMs,
    ...(time ? { time } : {}),
    onLog: (line) => {
      keep(line);
      onMachineLog?.(line);
    },
    onTrouble: (message) => log?.({ level: "warn", message }),
  });
}

/** Everything that operations see beside store, engine, settings and logs. */
function outsideWorld(clock: Clock, entropy: Entropy, log: ServerLog) {
  return {
    clock,
    wallClock,
    entropy,
    updates: createUpdates(),
    keySets: createRemoteKeySets({
      clock: wallClock,
      onTrouble: (message) => log({ level: "warn", message: `token exchange: ${message}` }),
    }),
    notice: (message: string) => log({ level: "info", message }),
  };
}

/** Its locks and salts are of the real world, whatever the clock. */
async function openStore(options: ServerOptions, log: ServerLog): Promise<Store> {
  const location = options.store ?? ".settle/db.json";
  if (location === "memory:") {
    const { createMemoryStore } = await import("./store/memory.ts");
    return createMemoryStore();
  }
  if (!isStorePath(location)) {
    const mend = `a file of that name is ./${location}`;
    throw new TypeError(`--store takes a file path or memory:, and not ${location}; ${mend}`);
  }
  const { openLowdbStore } = await import("./store/lowdb/open.ts");
  const { durability = "process" } = options;
  const store = await openLowdbStore(resolve(location), {
    durability,
    clock: wallClock,
    entropy: systemEntropy,
    log: (message) => log({ level: "warn", message }),
    ...compactionOf(options),
  });
  return tellingOfCommits(options, store);
}

/** A server that other commands can't find is still a server. */
async function announced(location: string, url: string, log: ServerLog): Promise<() => Promise<void>> {
  try {
    return await announce(location, url);
  } catch (error) {
    const detail = messageOf(error);
    log({ level: "warn", message: `commands that look for the server of ${location} won't find it: ${detail}` });
    return async () => {};
  }
}

async function listen(app: App, host: string, port: number): Promise<string> {
  await app.listen({ host, port });
  const address = app.server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}

/** Waits for the requests in hand; those that wait for a machine too long are answered with the state it has reached. */
async function closeApp(app: App, interrupt: () => Promise<void>): Promise<void> {
  const timers = [
    setTimeout(() => void interrupt(), closeGraceMs),
    setTimeout(() => app.server.closeAllConnections(), closeCutMs),
  ];
  try {
    await app.close();
  } finally {
    timers.forEach(clearTimeout);
  }
}

function packageVersion(): string {
  const { version } = createRequire(import.meta.url)("../package.json") as { version: string };
  return version;
}

function once<T>(fn: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => {
    result ??= fn();
    return result;
  };
}
