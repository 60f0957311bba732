// The whole engine under test: a case's machine in a worker of the real runner, which a crash really takes down.

import { setTimeout as sleep } from "node:timers/promises";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Delivery, Engine, Outcome } from "../../src/engine/port.ts";
import { createSandboxEngine } from "../../src/engine/sandbox.ts";
import type { Observation, Op } from "./observation.ts";
import type { Rendered } from "./render.ts";
import { Record, type Subject } from "./subject.ts";

const instance = { orgId: "org", machine: "machine", slug: "one" };
/** Longer than any case takes. */
const settleTimeoutMs = 600_000;
/** After so long what should have been on record never comes. */
const patienceMs = 5_000;

export function createSandboxed({ module }: Rendered): Subject {
  return new Sandboxed(module);
}

class Sandboxed implements Subject {
  readonly record = new Record();
  readonly #code: Delivery["code"];
  #engine: Engine;

  constructor(module: string) {
    this.#code = { versionId: "ver_1", fetch: async () => module };
    this.#engine = this.#start();
  }

  async play(op: Op, expected: { rows: number; printed: number }): Promise<Observation["outcome"]> {
    switch (op.op) {
      case "create":
        return this.#deliver({ what: { kind: "create", context: op.given } }, expected);
      case "send":
        return this.#deliver({ what: this.#event(op.event) }, expected);
      case "fire": {
        const { event, timer } = this.record.due();
        return this.#deliver({ what: this.#event(event), timer }, expected);
      }
      case "open":
        await this.#ask({ open: true });
        await this.#recorded(expected);
        await this.#flush();
        return "taken";
      case "crash":
        await this.#engine.close();
        this.#engine = this.#start();
        return "taken";
      case "expire":
        throw new Error("no settle timeout passes here: it would have to be waited for");
    }
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  #start(): Engine {
    return createSandboxEngine({
      cpuTimeoutMs: 20_000,
      onLog: ({ outputType, log }) => outputType === "stdout" && this.record.printed.push(log),
      onTrouble: () => {},
    });
  }

  #event(event: JsonObject): Delivery["what"] {
    return { kind: "event", event, resting: this.record.last };
  }

  async #deliver(
    about: Pick<Delivery, "what" | "timer">,
    expected: { rows: number; printed: number },
  ): Promise<Observation["outcome"]> {
    // At rest nothing waits that anybody would still hear.
    if (about.what.kind === "event" && !this.#engine.isLive(instance)) await this.#ask({ forget: true });
    const outcome = await this.#taken({
      instance,
      code: this.#code,
      ...about,
      authContext: {},
      isTrusted: true,
      seed: String(this.record.steps.length),
      settleTimeoutMs,
      commit: this.#commit,
    });
    // While a child runs there is no outcome yet; what is on record says when nothing more is to come.
    const answer = await Promise.race([outcome(), this.#recorded(expected)]);
    await this.#flush();
    if (answer?.kind === "void") return "void";
    if (answer?.kind === "failed" && answer.reason === "machine-error") return "failed";
    if (answer?.kind === "failed" || answer?.kind === "rejected") throw new Error(JSON.stringify(answer));
    return "taken";
  }

  /** Delivers as often as asked to. */
  async #taken(delivery: Delivery): Promise<() => Promise<Outcome>> {
    for (;;) {
      const { turn, outcome } = this.#engine.deliver(delivery);
      if (await turn) return () => outcome;
    }
  }

  readonly #commit: Delivery["commit"] = async (step) => {
    this.record.commit(step);
    return { ts: this.record.steps.length, state: step.state, tags: step.tags, done: step.done };
  };

  async #ask(authContext: { open?: true; forget?: true }): Promise<void> {
    const { state, context } = this.record.last;
    await this.#engine.authorizeRead({
      instance,
      code: this.#code,
      state,
      context,
      authContext,
      timeoutMs: patienceMs,
    });
  }

  /** Whatever is on its way to the record is there when the worker has answered this. */
  async #flush(): Promise<void> {
    if (this.record.steps.length > 0) await this.#ask({});
  }

  async #recorded({ rows, printed }: { rows: number; printed: number }): Promise<undefined> {
    const isComplete = () => this.record.rows.length >= rows && this.record.printed.length >= printed;
    for (let waitedMs = 0; !isComplete() && waitedMs < patienceMs; waitedMs++) await sleep(1);
  }
}
