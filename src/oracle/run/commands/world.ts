// One sequence of commands under way: the instances as the model has them, what is claimed about them, and the curl lines so far.

import type { Answer, Exchange } from "../../exchange.ts";
import { dig } from "../../fill.ts";
import { show } from "../../match.ts";
import type { Instance, Reason } from "../../model/service.ts";
import type { Moment, Reaction } from "../../model/statechart.ts";
import type { ChartParts, Visit } from "../../statechart-coverage.ts";
import type { Findings } from "../findings.ts";
import { type Client, createClient } from "../model/client.ts";
import type { Abilities, Deployed } from "../model/deployed.ts";
import type { Sent } from "../model/transitions.ts";
import { ids } from "./rules.ts";

/** A claim that the target broke: the sequence ends here. */
export class Broken extends Error {
  override name = "Broken";
  readonly rule: string;
  constructor(rule: string, message: string) {
    super(message);
    this.rule = rule;
  }
}

/** The sequence ends without a finding. */
export class Ended extends Error {
  override name = "Ended";
}

/** The place of an instance, before, while and after it exists. */
export interface Slot {
  machine: Deployed;
  name: string;
  secret: string;
  /** Null when it does not exist. */
  now: Instance | null;
  /** What was sent since it was created. */
  sent: Sent[];
  /** Every moment that it was at, newest last. */
  past: Moment[];
  lastTs: number;
  /** How many events moved other instances since an answer last showed this one. */
  movedOthers: number;
  /** Why its last request was refused, if no answer showed it since. */
  refusal: Reason | null;
  wasDeleted: boolean;
  wasPaused: boolean;
}

export interface WorldOptions {
  machines: readonly Deployed[];
  abilities: Abilities;
  exchange: Exchange;
  findings: Findings;
  newName: (hint: string) => string;
  visit: (parts: ChartParts, visit: Visit) => void;
  /** A sequence that breaks one of these rules ends without a finding. */
  tolerated: ReadonlySet<string>;
  /** Counts what was done, by kind. */
  done: { [kind: string]: number };
}

export class World {
  readonly options: WorldOptions;
  readonly slots: Slot[] = [];
  readonly client: Client;
  readonly #published = new Set<string>();
  #n = 0;

  constructor(options: WorldOptions) {
    this.options = options;
    this.client = createClient(options.exchange, options.findings);
  }

  /** Takes up a new name for an instance. */
  open(machine: Deployed): Slot {
    if (!this.#published.has(machine.slug)) this.client.trail.unshift(...machine.trail);
    this.#published.add(machine.slug);
    const name = this.options.newName("model");
    const slot = { machine, name, secret: "", now: null, sent: [], past: [], lastTs: 0, movedOthers: 0, refusal: null };
    const opened: Slot = { ...slot, wasDeleted: false, wasPaused: false };
    this.slots.push(opened);
    return opened;
  }

  /** The instance begins, perhaps again under its name. */
  begin(slot: Slot, moment: Moment): void {
    const fresh = { sent: [], past: [moment], lastTs: 0, movedOthers: 0, refusal: null, wasPaused: false };
    Object.assign(slot, { ...fresh, now: { name: slot.name, moment, isPaused: false } });
  }

  blanksOf({ secret }: Slot): { secret: string; n: number } {
    return { secret, n: ++this.#n };
  }

  count(kind: string): void {
    const { done } = this.options;
    done[kind] = (done[kind] ?? 0) + 1;
  }

  /** Coverage of the statechart, once the target was seen to take the step. */
  visit({ machine }: Slot, { moment, transitions, guards }: Reaction): void {
    this.options.visit(machine.parts, { active: moment.active, transitions, guards });
  }

  /** @throws Broken or Ended when it is refuted */
  claim(rule: string, refuted: string | null, slot?: Slot): void {
    if (refuted === null) {
      this.options.findings.pass(rule);
      return;
    }
    if (this.options.tolerated.has(rule)) throw new Ended(rule);
    const where = slot ? `${slot.machine.plan.machine} (XState ${slot.machine.version}) ${slot.name}: ` : "";
    throw new Broken(rule, `${where}${refuted}`);
  }

  /** What holds of every answer to somebody who may not see everything. */
  claimHidden(slot: Slot, { text, json }: Answer): void {
    if (slot.secret === "") return;
    const seen = `the answer holds a private value: ${show(json ?? text)}`;
    this.claim(ids.hidden, text.includes(slot.secret) ? seen : null, slot);
  }

  /** What holds of every answer that shows a state. */
  claimForward(slot: Slot, answer: Answer): void {
    if (answer.status !== 200) return;
    const ts = dig(answer.json, "/ts");
    if (typeof ts !== "number") return;
    this.claim(ids.ts, ts < slot.lastTs ? `ts is ${ts} after ${slot.lastTs}` : null, slot);
    slot.lastTs = ts;
  }

  /** An answer has just shown that the instance is where the model has it. */
  confirm(slot: Slot): void {
    slot.movedOthers = 0;
    slot.refusal = null;
  }

  /** An event moved one instance. */
  moved(slot: Slot, moment: Moment): void {
    if (slot.now !== null) slot.now.moment = moment;
    slot.past.push(moment);
    for (const other of this.slots) if (other !== slot) other.movedOthers++;
  }
}
