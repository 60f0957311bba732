// Runs machine code on the real sandbox with a store of one variable: what was committed last is what the next delivery starts from.

import type { JsonObject } from "../../src/domain/json.ts";
import type { State } from "../../src/domain/records.ts";
import type { CodeRef, Delivery, Engine, LogLine, Outcome, Step } from "../../src/engine/port.ts";
import type { SandboxOptions } from "../../src/engine/sandbox.ts";
import { createSandboxEngine } from "../../src/engine/sandbox.ts";

export interface Harness {
  engine: Engine;
  /** Everything printed by machine code or noted about it, as `stream text`. */
  printed: string[];
  /** The same, with whose it is. */
  lines: LogLine[];
  troubles: string[];
  instance(code: string, options?: InstanceOptions): TestInstance;
  close(): Promise<void>;
}

export interface InstanceOptions {
  slug?: string;
  settleTimeoutMs?: number;
  authContext?: JsonObject;
  /** No authorizer is asked. */
  isTrusted?: boolean;
  hasParent?: boolean;
  /** Called for each commit before it counts as durable; a throw refuses it. */
  onCommit?: (step: Step) => void | Promise<void>;
}

export interface TestInstance {
  /** All commits so far, oldest first. */
  steps: Step[];
  create(context?: JsonObject): Promise<Outcome>;
  send(event: string | JsonObject, options?: Partial<InstanceOptions>): Promise<Outcome>;
  /** Takes the instance to another version along migrations, and delivers the event there. From then on it is of that version. */
  upgrade(code: string, migrations: string[], event: string | JsonObject): Promise<Outcome>;
  /** Delivers and returns as soon as another event may be delivered; the outcome comes later. */
  begin(event: string | JsonObject, options?: Partial<InstanceOptions>): Promise<{ outcome: Promise<Outcome> }>;
  /** Event types recorded so far, in order. */
  history(): string[];
}

export function createHarness(options: Partial<SandboxOptions> = {}): Harness {
  const printed: string[] = [];
  const lines: LogLine[] = [];
  const troubles: string[] = [];
  const engine = createSandboxEngine({
    cpuTimeoutMs: 1_000,
    ...options,
    onLog: (line) => {
      lines.push(line);
      printed.push(`${line.outputType} ${line.log}`);
    },
    onTrouble: (message) => troubles.push(message),
  });
  let versions = 0;
  const known = new Map<string, string>();
  const versionOf = (code: string) => {
    const versionId = known.get(code) ?? `ver_${++versions}`;
    known.set(code, versionId);
    return { versionId, fetch: async () => code };
  };
  return {
    engine,
    printed,
    lines,
    troubles,
    instance: (code, instanceOptions = {}) => createInstance(engine, versionOf, code, instanceOptions),
    close: () => engine.close(),
  };
}

function createInstance(
  engine: Engine,
  versionOf: (code: string) => CodeRef,
  firstCode: string,
  options: InstanceOptions,
): TestInstance {
  let code = versionOf(firstCode);
  const { slug = "one", settleTimeoutMs = 10_000, authContext = { sub: "ann" }, onCommit } = options;
  const steps: Step[] = [];
  const commit = async (step: Step): Promise<State> => {
    await onCommit?.(step);
    steps.push(step);
    return { ts: steps.length, state: step.state, tags: step.tags, done: step.done };
  };
  const instance = { orgId: "org", machine: "machine", slug };
  async function deliver(
    what: () => Delivery["what"],
    more: Partial<InstanceOptions> = {},
  ): Promise<{ outcome: Promise<Outcome> }> {
    for (;;) {
      const delivery = engine.deliver({
        instance,
        code,
        what: what(),
        authContext: more.authContext ?? authContext,
        isTrusted: more.isTrusted ?? false,
        hasParent: options.hasParent ?? false,
        seed: `${slug} ${steps.length}`,
        settleTimeoutMs: more.settleTimeoutMs ?? settleTimeoutMs,
        commit,
      });
      if (await delivery.turn) return { outcome: delivery.outcome };
    }
  }
  const event = (given: string | JsonObject) => (): Delivery["what"] => {
    const resting = steps.at(-1);
    if (!resting) throw new Error("create the instance first");
    return { kind: "event", event: typeof given === "string" ? { type: given } : given, resting };
  };
  async function upgrade(to: string, migrations: string[], given: string | JsonObject): Promise<Outcome> {
    const resting = steps.at(-1);
    if (!resting) throw new Error("create the instance first");
    const next = versionOf(to);
    const hops = migrations.map((migration) => ({ code: versionOf(migration), toVersionId: next.versionId }));
    const moved = await engine.migrate({ instance, from: code, resting, migrations: hops, timeoutMs: settleTimeoutMs });
    if (moved.kind === "failed") return moved;
    const before = { code, count: steps.length };
    code = next;
    const asEvent = typeof given === "string" ? { type: given } : given;
    const what = { kind: "arrive", event: asEvent, position: moved.position } as const;
    const outcome = await (await deliver(() => what)).outcome;
    if (steps.length === before.count) code = before.code;
    return outcome;
  }
  return {
    steps,
    upgrade,
    create: async (context = {}) => (await deliver(() => ({ kind: "create", context }))).outcome,
    send: async (given, more) => (await deliver(event(given), more)).outcome,
    begin: (given, more) => deliver(event(given), more),
    history: () => steps.flatMap((step) => step.rows.map((row) => String(row.event.type))),
  };
}

/** What a settled outcome holds; fails loudly for anything else. */
export function stateOf(outcome: Outcome): State {
  if (outcome.kind === "settled" || outcome.kind === "interrupted") return outcome.state;
  throw new Error(`not a state: ${JSON.stringify(outcome)}`);
}
