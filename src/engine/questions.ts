// Questions to a version's or a migration's code that change nothing: to its read authorizer, its mapper, and where an instance is to go.

import { describeUnmappable, readMappedEvent, readMappedResponse } from "./mapped.ts";
import type { Death, Listener, PoolWorker } from "./pool-worker.ts";
import { failureOf } from "./pool-worker.ts";
import type { CodeRef, Engine, Failure, InstanceRef, Position } from "./port.ts";
import { EngineClosed } from "./port.ts";
import type { FromWorker } from "./protocol.ts";
import { ReadBatches } from "./read-batches.ts";
import type { WorkerPool } from "./worker-pool.ts";

type LogMessage = Extract<FromWorker, { t: "log" }>;

export interface QuestionsOptions {
  pool: WorkerPool;
  nextId(): number;
  log(instance: InstanceRef | null, versionId: string, message: Pick<LogMessage, "stream" | "text">): void;
}

/** Times a question is asked, when its worker dies of another's doing. */
export const maxTries = 5;

interface Question<Answer> {
  /** Whom it is about; `null` when nobody knows yet. */
  instance: InstanceRef | null;
  code: CodeRef;
  /** Whose output it is, when it isn't the code's. */
  printsAs?: string;
  /** What it prints is nobody's. */
  isSilent?: boolean;
  /** Asks the worker, whose answer comes to the listener. */
  ask(worker: PoolWorker, id: number, listener: Listener): void;
  /** Undefined for what is no answer to this. Must not throw. */
  read(message: FromWorker): Answer | undefined;
}

type Moved = Extract<Awaited<ReturnType<Engine["migrate"]>>, { kind: "moved" }>;
interface Located {
  kind: "located";
  at: Omit<Position, "context">;
}

export class Questions implements Pick<Engine, "authorizeRead" | "explain" | "mapRequest" | "mapResponse" | "migrate"> {
  readonly #options: QuestionsOptions;
  readonly #reads = new ReadBatches();

  constructor(options: QuestionsOptions) {
    this.#options = options;
  }

  authorizeRead(query: Parameters<Engine["authorizeRead"]>[0]): ReturnType<Engine["authorizeRead"]> {
    const { instance, code } = query;
    return this.#ask({
      instance,
      code,
      ask: (worker, id, listener) => this.#reads.ask(worker, id, query, listener),
      read: (message) => {
        if (message.t === "allowed") return { kind: "allowed" };
        if (message.t !== "rejected") return undefined;
        return { kind: "rejected", ...(message.message ? { message: message.message } : {}) };
      },
    });
  }

  explain(question: Parameters<Engine["explain"]>[0]): ReturnType<Engine["explain"]> {
    const { instance, code, resting, event, authContext: auth, timeoutMs, withChart = false } = question;
    const { state, context, snapshot } = resting;
    const call = {
      op: "explain" as const,
      name: instance.slug,
      state,
      context,
      snapshot,
      event,
      auth,
      timeoutMs,
      withChart,
    };
    return this.#ask<Extract<Awaited<ReturnType<Engine["explain"]>>, { kind: "explained" }>>({
      instance,
      code,
      isSilent: true,
      ask: (worker, id, listener) => worker.call(id, { ...call, id }, listener),
      read: (message) => {
        if (message.t !== "explained") return undefined;
        const { authorizer, candidates, outcome, chart } = message;
        return { kind: "explained", authorizer, candidates, outcome, ...(chart ? { chart } : {}) };
      },
    });
  }

  mapRequest(call: Parameters<Engine["mapRequest"]>[0]): ReturnType<Engine["mapRequest"]> {
    const { code, mapper, request, timeoutMs } = call;
    return this.#ask<Awaited<ReturnType<Engine["mapRequest"]>>>({
      instance: null,
      code,
      ask: (worker, id, listener) => worker.call(id, { op: "map-request", id, mapper, request, timeoutMs }, listener),
      read: (message) => {
        if (message.t === "absent") return { kind: "absent" };
        if (message.t !== "mapped") return undefined;
        try {
          return { kind: "mapped", event: readMappedEvent(message.json) };
        } catch (error) {
          const what = `httpApiMapper.${mapper}.handler ${describeUnmappable(error)}`;
          return { kind: "failed", reason: "machine-error", message: what };
        }
      },
    });
  }

  async mapResponse(call: Parameters<Engine["mapResponse"]>[0]): ReturnType<Engine["mapResponse"]> {
    const { instance, code, mapper, reached, timeoutMs } = call;
    const answer = await this.#ask<Awaited<ReturnType<Engine["mapResponse"]>>>({
      instance,
      code,
      ask: (worker, id, listener) => worker.call(id, { op: "map-response", id, mapper, reached, timeoutMs }, listener),
      read: (message) => {
        if (message.t === "absent") return { kind: "absent" };
        if (message.t !== "mapped") return undefined;
        try {
          return { kind: "mapped", response: readMappedResponse(message.json, message.base64) };
        } catch (error) {
          const what = `httpApiMapper.${mapper}.responseMapper ${describeUnmappable(error)}`;
          return { kind: "failed", reason: "machine-error", message: what };
        }
      },
    });
    if (answer.kind !== "failed") return answer;
    if (answer.reason !== "machine-error" && answer.reason !== "settle-timeout") return answer;
    const text = `the response is not a mapped one: ${answer.message}`;
    this.#options.log(instance, code.versionId, { stream: "stderr", text });
    return { kind: "unmapped" };
  }

  async migrate(request: Parameters<Engine["migrate"]>[0]): ReturnType<Engine["migrate"]> {
    const { instance, from, resting, migrations, timeoutMs } = request;
    const { state, snapshot, context } = resting;
    const located = await this.#ask<Located>({
      instance,
      code: from,
      ask: (worker, id, listener) => worker.call(id, { op: "locate", id, state, snapshot }, listener),
      read: (message) => (message.t === "located" ? { kind: "located", at: message.at } : undefined),
    });
    if (located.kind === "failed") return located;
    let moved: Moved = { kind: "moved", position: { ...located.at, context } };
    for (const { code, toVersionId } of migrations) {
      const { position } = moved;
      const answer: Moved | Failure = await this.#ask<Moved>({
        instance,
        code,
        printsAs: toVersionId,
        ask: (worker, id, listener) => worker.call(id, { op: "migrate", id, position, timeoutMs }, listener),
        read: (message) => (message.t === "migrated" ? { kind: "moved", position: message.position } : undefined),
      });
      if (answer.kind === "failed") return answer;
      moved = answer;
    }
    return moved;
  }

  async #ask<Answer extends { kind: string }>(question: Question<Answer>): Promise<Answer | Failure> {
    for (let tries = maxTries; ; ) {
      const answer = await this.#askOnce(question);
      if (!("culprit" in answer)) return answer;
      if (answer.reason === "closed") throw new EngineClosed();
      if (!answer.culprit && (answer.unsent || --tries > 0)) continue;
      const failure: Failure = { kind: "failed", ...failureOf(answer) };
      // Of silence nobody knows whether it was the machine's doing.
      if (answer.culprit && failure.reason !== "settle-timeout") this.#noteEnding(question, failure.message);
      return failure;
    }
  }

  #noteEnding<Answer>({ instance, code, printsAs, isSilent }: Question<Answer>, text: string): void {
    if (!isSilent) this.#options.log(instance, printsAs ?? code.versionId, { stream: "stderr", text });
  }

  async #askOnce<Answer>(question: Question<Answer>): Promise<Answer | Failure | Death> {
    const { instance, code, printsAs, isSilent, ask, read } = question;
    const { pool, nextId, log } = this.#options;
    const worker = await pool.workerFor(code);
    const id = nextId();
    return new Promise((resolve) => {
      ask(worker, id, {
        ...(instance ? { instance } : {}),
        onMessage: (from) => {
          if (from.t === "log") return isSilent ? undefined : log(instance, printsAs ?? code.versionId, from);
          const { t } = from;
          const answer = t === "failed" ? { kind: t, reason: from.reason, message: from.message } : read(from);
          // A worker that says something else is ignored.
          if (!answer) return;
          worker.release(id);
          resolve(answer);
        },
        onDeath: resolve,
      });
    });
  }
}
