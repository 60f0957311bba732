// What should happen: a case played on XState itself, which also settles what its moves mean (which timer is due, whether a child runs).

import { isDeepStrictEqual } from "node:util";
import type { AnyStateMachine } from "xstate";
import type { AnyStateMachine as AnyStateMachine4 } from "xstate4";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import type { StateValue } from "../../src/domain/records.ts";
import { capturing } from "./capture.ts";
import { compile, type Gates } from "./compile.ts";
import type { Coverage } from "./coverage.ts";
import type { Native } from "./native.ts";
import { Native4 } from "./native4.ts";
import { Native5 } from "./native5.ts";
import type { Observation, Op } from "./observation.ts";
import type { Rendered } from "./render.ts";
import type { Case, Move } from "./spec.ts";
import { outerEvents, pick } from "./spec.ts";

export interface Expected {
  op: Op;
  /** None for a creation that fails: there is no instance then. */
  seen: Observation | { outcome: "failed" };
}

/** More promises than this one after the other are a loop. */
const maxOpenings = 150;

export async function expectation(
  { machine, given, moves }: Case,
  rendered: Rendered,
  coverage: Coverage,
): Promise<Expected[]> {
  const { machine: compiled, gates } = compile(rendered, machine.major);
  const native =
    machine.major === 5
      ? new Native5(compiled as AnyStateMachine, gates, coverage)
      : new Native4(compiled as AnyStateMachine4, gates, coverage);
  return capturing(native.printed, () => new Play(native, gates, coverage).all(given, moves));
}

class Play {
  readonly #native: Native<unknown>;
  readonly #gates: Gates;
  readonly #coverage: Coverage;
  readonly #steps: Expected[] = [];
  #context: Json = null;

  constructor(native: Native<unknown>, gates: Gates, coverage: Coverage) {
    this.#native = native;
    this.#gates = gates;
    this.#coverage = coverage;
  }

  async all(given: JsonObject, moves: readonly Move[]): Promise<Expected[]> {
    const native = this.#native;
    if ((await native.create(given)) === "failed") {
      this.#coverage.count("creations failed");
      return [{ op: { op: "create", given }, seen: { outcome: "failed" } }];
    }
    await this.#note({ op: "create", given }, "taken");
    for (const move of moves) {
      if (native.cut) break;
      await this.#move(move);
    }
    if (native.cut) this.#coverage.count(`cut short: ${native.cut}`);
    return this.#steps;
  }

  async #move({ kind, event, n }: Move): Promise<void> {
    const native = this.#native;
    if (kind === "send") {
      if (!native.isSettled) this.#coverage.count("events while a child ran");
      const sent = { type: pick(outerEvents, event), n };
      return this.#note({ op: "send", event: sent }, await native.deliver(sent));
    }
    if (kind === "fire") {
      const timer = native.isDone ? undefined : native.timers.next();
      if (!timer) return;
      this.#coverage.count("timers fired");
      return this.#note({ op: "fire" }, await native.fire(timer));
    }
    if (native.isSettled) return;
    this.#coverage.count(kind === "expire" ? "settle timeouts" : "crashes");
    await native.interrupt(kind);
    return this.#note({ op: kind }, "taken");
  }

  /** Notes what is to be seen, and lets go on whatever waits, one thing after the other. */
  async #note(op: Op, outcome: Observation["outcome"]): Promise<void> {
    const native = this.#native;
    if (native.cut) return;
    this.#see(op, native.observe(outcome));
    for (let openings = 0; openings < maxOpenings && !native.isSettled && this.#gates.open(); openings++) {
      await native.heed();
      if (native.cut) return;
      this.#see({ op: "open" }, native.observe("taken"));
    }
    // A child that lost its place to another of its id may still wait: at rest nobody listens to it any more.
    if (native.isSettled) this.#gates.forget();
  }

  #see(op: Op, seen: Observation): void {
    this.#steps.push({ op, seen });
    const count = (what: string, by = 1) => by > 0 && this.#coverage.count(what, by);
    const types = seen.rows.map(({ event }) => String((event as JsonObject).type));
    count("events", types.length);
    count("children done", types.filter((type) => /^(xstate\.done\.actor|done\.invoke)/.test(type)).length);
    count("children failed", types.filter((type) => /^(xstate\.error\.actor|error\.platform)/.test(type)).length);
    count("children spawned", seen.running.filter((id) => id.startsWith("child")).length);
    count("lines printed", seen.printed.length);
    count("actions on entry", seen.printed.filter((line) => / entry \d/.test(line)).length);
    count("actions on exit", seen.printed.filter((line) => / exit \d/.test(line)).length);
    if (!isDeepStrictEqual(seen.context, this.#context)) count("contexts changed");
    this.#context = seen.context;
    if (seen.outcome === "failed") count("events failed");
    if (seen.outcome === "void") count("timers void");
    if (hasRegions(seen.state)) count("parallel states");
    if (seen.running.length > 0) count("children running");
    if (seen.done) count("machines done");
  }
}

function hasRegions(state: StateValue): boolean {
  if (typeof state === "string") return false;
  const values = Object.values(state);
  return values.length > 1 || values.some(hasRegions);
}
