// The engine port on the sandbox: opens and joins sessions, commits their steps, and survives their workers' deaths.

import type { Answer, Inquiry } from "./ask.ts";
import { ask } from "./ask.ts";
import { LiveSession } from "./live-session.ts";
import type { Death } from "./pool-worker.ts";
import type {
  CodeRef,
  Delivery,
  Engine,
  Inspection,
  InstanceRef,
  LogLine,
  MigrationInspection,
  Outcome,
} from "./port.ts";
import { EngineClosed } from "./port.ts";
import type { FromWorker } from "./protocol.ts";
import { maxTries, Questions } from "./questions.ts";
import type { Time } from "./runners.ts";
import { WorkerPool } from "./worker-pool.ts";

export interface SandboxOptions {
  /** Longest a machine may compute without yielding. */
  cpuTimeoutMs: number;
  /** Most memory a version's worker may hold. @default 128,000,000 (as in production) */
  memoryBytes?: number;
  /** Largest context, as UTF-8 JSON. @default 400,000 (as in production) */
  contextBytes?: number;
  /**
   * Whether machine code may connect to loopback and private addresses beside the public ones. Never to link-local ones, where clouds keep
   * their metadata, nor to unix sockets.
   * @default true: on a developer's machine that is where the services are
   */
  allowLocal?: boolean;
  /** Most idle workers kept warm. @default 32 */
  maxIdleWorkers?: number;
  /** The manual clock's, which machine code's `Date` then tells. @default the real time */
  time?: Time;
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
      limits: { cpuTimeoutMs, memoryBytes, contextBytes, mappedBytes, allowLocal: options.allowLocal ?? true },
      maxIdleWorkers,
      ...(options.time ? { time: options.time } : {}),
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

  async inspect(code: CodeRef): Promise<Inspection> {
    const answer = await this.#inspect(code, { op: "inspect" });
    return answer.t === "inspected" && answer.ok ? { ok: true, xstate: answer.xstate } : unusable(answer);
  }

  async inspectMigration(code: CodeRef): Promise<MigrationInspection> {
    const answer = await this.#inspect(code, { op: "inspect-migration" });
    return answer.t === "usable" ? { ok: true } : unusable(answer);
  }

  migrate(request: Parameters<Engine["migrate"]>[0]): ReturnType<Engine["migrate"]> {
    return this.#questions.migrate(request);
  }

  authorizeRead(query: Parameters<Engine["authorizeRead"]>[0]): ReturnType<Engine["authorizeRead"]> {
    return this.#questions.authorizeRead(query);
  }

  explain(question: Parameters<Engine["explain"]>[0]): ReturnType<Engine["explain"]> {
    return this.#questions.explain(question);
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

  letGo(versionIds: readonly string[]): void {
    for (const versionId of versionIds) this.#pool.letGo(versionId);
  }

  async forget(reason: Error): Promise<void> {
    await Promise.all([...this.#live.values()].map((session) => session.end(reason)));
    this.#pool.discardAll();
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
    if (session.isUnsent) await this.#open(delivery, call);
  }

  /** A worker that can't use its code is not kept. */
  async #inspect(code: CodeRef, question: Inquiry): Promise<Answer> {
    for (let tries = maxTries; ; ) {
      const worker = await this.#pool.workerFor(code);
      const id = ++this.#ids;
      const answer = await ask(worker, id, question, (message) => this.#log(null, code.versionId, message));
      if ("culprit" in answer) {
        if (answer.reason === "closed") throw new EngineClosed();
        // A death that was another's doing says nothing about this code.
        if (!answer.culprit && (answer.unsent || --tries > 0)) continue;
        return diedLoading(id, answer);
      }
      if (answer.t === "failed" || (answer.t === "inspected" && !answer.ok)) this.#pool.discard(worker);
      return answer;
    }
  }

  #log(instance: InstanceRef | null, versionId: string, message: Pick<LogMessage, "stream" | "text">): void {
    this.#options.onLog({ instance, versionId, outputType: message.stream, log: message.text });
  }
}

function keyOf(instance: InstanceRef): string {
  return `${instance.orgId}/${instance.machine}/${instance.slug}`;
}

/** What is said of code under whose loading the worker died. */
function diedLoading(id: number, { reason, message }: Death): Answer {
  const isLimit = reason === "cpu-limit" || reason === "memory-limit";
  return { t: "failed", id, reason: isLimit ? reason : "load-error", message: `loading the code failed: ${message}` };
}

function unusable(answer: Answer): Extract<Inspection, { ok: false }> {
  if (answer.t === "inspected" && !answer.ok) return { ok: false, reason: answer.reason, message: answer.message };
  const { reason, message } = failed(answer);
  const isLimit = reason === "cpu-limit" || reason === "memory-limit";
  return { ok: false, reason: isLimit ? reason : "invalid", message };
}

function failed(answer: Answer): Extract<Outcome, { kind: "failed" }> {
  if (answer.t === "failed") return { kind: "failed", reason: answer.reason, message: answer.message };
  return { kind: "failed", reason: "load-error", message: `the sandbox gave no answer, but said '${answer.t}'` };
}
