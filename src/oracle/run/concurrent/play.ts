// One round: several clients create, send, read and delete at once, and everything is written down by one clock.

import fc from "fast-check";
import type { Plan, PlannedEvent } from "../../contracts.ts";
import type { Answer } from "../../exchange.ts";
import { contextOf, eventOf } from "../../model/library.ts";
import type { Context, Event } from "../../model/statechart.ts";
import { type Client, confirmation } from "../model/client.ts";
import type { Abilities, Deployed } from "../model/deployed.ts";

export type Input =
  | { kind: "create"; given: Context }
  /** `n` is a number that no other event of the round has. */
  | { kind: "send"; event: Event; n: number }
  | { kind: "read" }
  | { kind: "delete" };

/** A call of one client about one instance. Times count the calls and answers of the round. */
export interface Call {
  client: number;
  input: Input;
  answer: Answer;
  invokedAt: number;
  returnedAt: number;
}

/** What happened to one instance. */
export interface Record {
  name: string;
  /** Sent before the clients began, all answered with 200. */
  before: Event[];
  calls: Call[];
  /** When the clients began to do different things: calls from then on meet an instance that is there. */
  beganAt: number;
  /** What was read when all were done; undefined when it can't be. */
  last: Answer | undefined;
  /** What was listed when all were done; undefined when it can't be. */
  transitions: unknown[] | undefined;
  isDeleted: boolean;
}

/** What each client does, drawn before: the instance and the kind of each of its calls. */
export type Script = { slot: number; kind: "send" | "read"; event: number }[][];

const slots = 2;
const clients = 5;
const callsEach = 8;

export function scriptOf(seed: number, abilities: Abilities): Script {
  const kinds = abilities.read ? (["send", "send", "read"] as const) : (["send"] as const);
  const call = fc.record({
    slot: fc.nat({ max: slots - 1 }),
    kind: fc.constantFrom(...kinds),
    event: fc.nat({ max: 99 }),
  });
  const each = fc.array(call, { minLength: callsEach, maxLength: callsEach });
  const [script = []] = fc.sample(fc.array(each, { minLength: clients, maxLength: clients }), { seed, numRuns: 1 });
  return script;
}

export interface Round {
  machine: Deployed;
  simultaneous: NonNullable<Plan["simultaneous"]>;
  script: Script;
  abilities: Abilities;
  /** Whether the second instance is deleted in the midst of it. */
  isDeleting: boolean;
  client: Client;
  newName: (hint: string) => string;
}

/** @returns null when an instance could not be prepared */
export async function play(round: Round): Promise<Record[] | null> {
  const { script, client } = round;
  const records = Array.from({ length: slots }, (): Record => {
    const name = round.newName("lin");
    return { name, before: [], calls: [], beganAt: 0, last: undefined, transitions: undefined, isDeleted: false };
  });
  const caller = callerOf(round, `secret-${records[0]?.name}`);
  await atOnce(
    client,
    records.flatMap((record) => script.map((_, who) => () => caller.create(record, who))),
  );
  for (const record of records) if (!(await caller.prepare(record))) return null;
  await atOnce(
    client,
    script.map((steps, who) => () => follow(steps, who, records, caller, round)),
  );
  for (const record of records) await lookAt(record, round);
  return records;
}

async function atOnce(client: Client, tasks: (() => Promise<unknown>)[]): Promise<void> {
  client.trail.push("# all at once:");
  await Promise.all(tasks.map((task) => task()));
  client.trail.push("wait");
}

/** One client's calls, one after the other; the first one's include the deletion. */
async function follow(
  steps: Script[number],
  who: number,
  records: readonly Record[],
  caller: Caller,
  { isDeleting }: Round,
): Promise<void> {
  const victim = records[slots - 1];
  for (const [i, { slot, kind, event }] of steps.entries()) {
    const record = records[slot];
    if (record === undefined) continue;
    await (kind === "read" ? caller.read(record, who) : caller.send(record, who, event));
    if (isDeleting && victim !== undefined && who === 0 && i === callsEach / 2) await caller.remove(victim, who);
  }
}

/** Makes calls and writes them down. */
interface Caller {
  create(record: Record, who: number): Promise<void>;
  /** Sends what comes before the clients begin; false: it was not answered with 200. */
  prepare(record: Record): Promise<boolean>;
  send(record: Record, who: number, which: number): Promise<void>;
  read(record: Record, who: number): Promise<void>;
  remove(record: Record, who: number): Promise<void>;
}

function callerOf({ machine, simultaneous, client }: Round, secret: string): Caller {
  const on = { machine: machine.slug, act: { sub: machine.plan.users[0] } };
  let clock = 0;
  let n = 0;

  async function call(record: Record, who: number, input: Input, send: () => Promise<Answer>): Promise<Answer> {
    const invokedAt = ++clock;
    const answer = await send();
    record.calls.push({ client: who, input, answer, invokedAt, returnedAt: ++clock });
    return answer;
  }
  const made = (planned: PlannedEvent) => ({ ...eventOf(planned, { secret, n: ++n }), n });
  const sendEvent = (record: Record, event: Event) =>
    client.send({ ...on, instance: record.name, operation: "sendMachineInstanceEvent", body: { event } });

  return {
    async create(record, who) {
      const given = contextOf(simultaneous.context, { secret, n: who + 1 });
      const body = { slug: record.name, context: given };
      const operation = "createMachineInstance";
      await call(record, who, { kind: "create", given }, () => client.send({ ...on, operation, body }));
    },
    async prepare(record) {
      for (const planned of simultaneous.before) {
        const event = made(planned);
        const { status } = await sendEvent(record, event);
        if (status !== 200) return false;
        record.before.push(event);
      }
      record.beganAt = ++clock;
      return true;
    },
    async send(record, who, which) {
      const event = made(simultaneous.events[which % simultaneous.events.length] ?? "");
      await call(record, who, { kind: "send", event, n: event.n }, () => sendEvent(record, event));
    },
    async read(record, who) {
      const read = { ...on, instance: record.name, operation: "getMachineInstance" };
      await call(record, who, { kind: "read" }, () => client.send(read));
    },
    async remove(record, who) {
      const body = confirmation(on.machine, record.name);
      const deletion = { machine: on.machine, instance: record.name, operation: "deleteMachineInstance", body };
      const { status } = await call(record, who, { kind: "delete" }, () => client.send(deletion));
      record.isDeleted = status >= 200 && status < 300;
    },
  };
}

async function lookAt(record: Record, { machine, abilities, client }: Round): Promise<void> {
  const on = { machine: machine.slug, instance: record.name };
  const act = { sub: machine.plan.users[0] };
  if (abilities.read) record.last = await client.send({ ...on, operation: "getMachineInstance", act });
  if (!abilities.history || record.isDeleted) return;
  const { entries, answer } = await client.all({ ...on, operation: "listMachineInstanceTransitions" }, "/transitions");
  if (answer.status === 200) record.transitions = entries;
}
