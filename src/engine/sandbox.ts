// The engine port on the sandbox: opens and joins sessions, commits their steps, and survives their workers' deaths.

import { LiveSession } from "./live-session.ts";
import type { Delivery, Engine, Inspection, InstanceRef, LogLine, Outcome } from "./port.ts";
import type { FromWorker } from "./protocol.ts";
import { Questions } from "./questions.ts";
import { WorkerPool } from "./worker-pool.ts";

export interface SandboxOptions {
  /** Longest a machine may compute without yielding. */
  cpuTimeoutMs: number;
  /** Most memory a version's worker may hold. @default 128,000,000 (as in production) */
  memoryBytes?: number;
  /** Largest context, as UTF-8 JSON. @default 400,000 (as in production) */
  contextBytes?: number;
  /** Most idle workers kept warm. @default 32 */
  maxIdleWorkers?: number;
  onLog(line: LogLine): void;
  /** The sandbox's own troubles: a worker ended, the runner went down. */
  onTrouble(message: string): void;
}

/** Largest answer of a mapper, as JSON or bytes. */
const mappedBytes = 10_000_000;

type LogMessage = Extract<FromWorker, { t: "log" }>;

export function createSandboxEngine(options: SandboxOptions): Engine & { warm(): void } {
  return new SandboxEngine(options);
}

class SandboxEngine implements Engine {
  readonly #options: SandboxOptions;
  readonly #pool: WorkerPool;
  readonly #questions: Questions;
  readonly #live = new Map<string, LiveSession>();
  #ids = 0;

  constructor(options: SandboxOptions) {
    const { cpuTimeoutMs, memoryBytes = 128_000_000, contextBytes = 400_000, maxIdleWorkers = 32, onTrouble } = options;
    this.#options = options;
    this.#pool = new WorkerPool({
      limits: { cpuTimeoutMs, memoryBytes, contextBytes, mappedBytes },
      maxIdleWorkers,
      onTrouble,
      onStrayLog: (instance, versionId, message) => this.#log(instance, versionId, message),
    });
    this.#questions = new Questions({
      pool: this.#pool,
      nextId: () => ++this.#ids,
      log: (instance, versionId, message) => this.#log(instance, versionId, message),
    });
  }

  /** Starts the runner process ahead of the first call. */
  warm(): void {
    this.#pool.warm();
  }

  async inspect(code: Parameters<Engine["inspect"]>[0]): Promise<Inspection> {
    const worker = await this.#pool.workerFor(code);
    const id = ++this.#ids;
    const result = await new Promise<Inspection>((resolve) => {
      worker.call(
        id,
        { op: "inspect", id },
        {
          onMessage: (message) => {
            if (message.t === "log") return this.#log(null, code.versionId, message);
            worker.release(id);
            if (message.t === "inspected") resolve(message.ok ? { ok: true, xstate: message.xstate } : message);
          },
          onDeath: ({ reason, message }) =>
            resolve({
              ok: false,
              reason: reason === "cpu-limit" || reason === "memory-limit" ? reason : "invalid",
              message: `loading the code failed: ${message}`,
            }),
        },
      );
    });
    if (!result.ok) this.#pool.discard(worker);
    return result;
  }

  authorizeRead(query: Parameters<Engine["authorizeRead"]>[0]): ReturnType<Engine["authorizeRead"]> {
    return this.#questions.authorizeRead(query);
  }

  mapRequest(call: Parameters<Engine["mapRequest"]>[0]): ReturnType<Engine["mapRequest"]> {
    return this.#questions.mapRequest(call);
  }

  mapResponse(call: Parameters<Engine["mapResponse"]>[0]): ReturnType<Engine["mapResponse"]> {
    return this.#questions.mapResponse(call);
  }

  isLive(instance: InstanceRef): boolean {
    return this.#live.has(keyOf(instance));
  }

  deliver(delivery: Delivery): { turn: Promise<boolean>; outcome: Promise<Outcome> } {
    const turn = Promise.withResolvers<boolean>();
    const outcome = Promise.withResolvers<Outcome>();
    outcome.promise.catch(() => {}); // whoever hears `turn` reject need not listen here too
    const call = {
      turn: (processed: boolean) => turn.resolve(processed),
      answer: (value: Outcome) => {
        outcome.resolve(value);
        turn.resolve(true);
      },
      fail: (error: unknown) => {
        outcome.reject(error);
        turn.reject(error);
      },
    };
    const live = this.#live.get(keyOf(delivery.instance));
    if (live) live.join(++this.#ids, delivery, call);
    else void this.#open(delivery, call).catch(call.fail);
    return { turn: turn.promise, outcome: outcome.promise };
  }

  async end(instance: InstanceRef, reason: Error): Promise<void> {
    await this.#live.get(keyOf(instance))?.end(reason);
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await Promise.all([...this.#live.values()].map((session) => session.ended));
  }

  async #open(delivery: Delivery, call: ConstructorParameters<typeof LiveSession>[0]["opener"]): Promise<void> {
    const key = keyOf(delivery.instance);
    const { versionId } = delivery.code;
    const worker = await this.#pool.workerFor(delivery.code);
    const session = new LiveSession({
      id: ++this.#ids,
      delivery,
      worker,
      opener: call,
      onLog: (message) => this.#log(delivery.instance, versionId, message),
    });
    this.#live.set(key, session);
    session.start();
    await session.ended;
    this.#live.delete(key);
  }

  #log(instance: InstanceRef | null, versionId: string, message: Pick<LogMessage, "stream" | "text">): void {
    this.#options.onLog({ instance, versionId, outputType: message.stream, log: message.text });
  }
}

function keyOf(instance: InstanceRef): string {
  return `${instance.orgId}/${instance.machine}/${instance.slug}`;
}
