// Rules that hold over a whole traffic, judged without a request of our own: an answer may not contradict what was known before it was asked for.

import type { Judgement } from "./access.ts";
import { FactsByInstance, type InstanceFacts, Removals } from "./instance-facts.ts";
import { Pages } from "./pages.ts";
import { judgeSecrets } from "./secrets.ts";
import { type Asked, type Exchanged, isObject, isSuccess, scopeOf } from "./traffic.ts";

/** Operations whose success shows that the instance is there. */
const reads: ReadonlySet<string> = new Set([
  "getMachineInstance",
  "getMachineInstanceAdmin",
  "listMachineInstanceTransitions",
  "sendMachineInstanceEvent",
]);

/** Operations that answer with a State. */
const states: ReadonlySet<string> = new Set([
  "createMachineInstance",
  "getMachineInstance",
  "sendMachineInstanceEvent",
]);

/** What an exchange is about. */
interface Aim {
  operationId: string;
  machine: string;
  /** Undefined where the request's path doesn't name one. */
  instance: string | undefined;
}

/**
 * Two exchanges that overlapped say nothing of each other's order, so a fact counts only against what began after the exchange that
 * established it had ended. All of it presupposes that nobody changes the same things past the proxy.
 */
export class History {
  readonly #instances = new FactsByInstance();
  readonly #removals = new Removals();
  readonly #pages = new Pages();
  readonly #gone = new Set<InstanceFacts>();
  /** When machines were known to be there, by scope and slug. */
  readonly #machines = new Map<string, number>();
  readonly #deletedKeys = new Map<string, number>();
  readonly #secrets = new Set<string>();

  /** Nothing that was known need be true any more. */
  clear(): void {
    this.#instances.clear();
    this.#gone.clear();
    this.#machines.clear();
    this.#deletedKeys.clear();
  }

  /** Before a request is passed on: what it may make untrue is forgotten. */
  begin(asked: Asked): void {
    const { operationId, machine, instance } = aimOf(asked);
    if (operationId === "sendMachineInstanceEvent" || isCreation(operationId)) {
      // Machines make instances of their own: what was deleted may be there again after a write to anything else.
      const own = instance === undefined || isCreation(operationId) ? [] : this.#instances.matching(machine, instance);
      for (const facts of this.#gone) if (!own.includes(facts)) this.#forgetGone(facts);
    }
    if (operationId === "setMachineInstanceStatus") {
      for (const facts of this.#instances.matching(machine, instance)) facts.paused = undefined;
    }
    if (operationId !== "deleteMachineInstance" && operationId !== "deleteMachine") return;
    this.#removals.begin(asked.n, machine, instance);
    for (const facts of this.#instances.matching(machine, instance)) {
      this.#gone.delete(facts);
      facts.forget();
    }
    if (operationId === "deleteMachine")
      for (const key of this.#machines.keys()) if (key.endsWith(` ${machine}`)) this.#machines.delete(key);
  }

  /** A request that got no answer: whether it was carried out, nobody knows. */
  abandon(asked: Asked, end: number): void {
    this.#removals.end(asked.n, end);
  }

  /** `line` shows the exchange again. The trail of a judgement that was broken leads there, this exchange aside. */
  end(exchanged: Exchanged, line: string): (Judgement & { trail?: string[] })[] {
    const aim = aimOf(exchanged);
    const found: (Judgement & { trail?: string[] })[] = [
      ...this.#judgeKey(exchanged, aim),
      ...this.#judgeMachine(exchanged, aim),
      ...judgeSecrets(exchanged, this.#secrets),
    ];
    const instance = aim.instance ?? createdIn(exchanged, aim);
    const facts = instance === undefined ? undefined : this.#instances.of(scopeOf(exchanged), aim.machine, instance);
    const { judgements, whole } = this.#pages.follow(exchanged, this.#removals);
    found.push(...judgements);
    if (facts !== undefined && instance !== undefined) {
      const trail = [...facts.trail];
      const ofInstance = judgeInstance(exchanged, aim, facts, whole);
      found.push(...ofInstance.map((judgement) => ({ ...judgement, trail })));
      this.#learn(exchanged, { ...aim, instance }, facts, line);
    }
    this.#removals.end(exchanged.n, exchanged.end);
    return found;
  }

  /** The highest `ts` known of an instance now, and what tells its lives apart. */
  known(scope: string, machine: string, instance: string): { ts: number | undefined; epoch: number; trail: string[] } {
    const { epoch, told, trail } = this.#instances.of(scope, machine, instance);
    return { epoch, ts: told.at(-1)?.ts, trail: [...trail] };
  }

  /** A realtime update showed this. */
  heard(scope: string, machine: string, instance: string, ts: number, now: number): void {
    if (this.#removals.areOver(machine, instance, now))
      this.#instances.of(scope, machine, instance).tell(ts, false, now);
  }

  #judgeKey({ claims, status, start, end, routed }: Exchanged, { operationId }: Aim): Judgement[] {
    const kid = String(claims?.header.kid ?? "");
    const deleted = this.#deletedKeys.get(kid);
    if (operationId === "deleteKey" && isSuccess(status)) this.#deletedKeys.set(routed?.params.keyId ?? "", end);
    if (deleted === undefined || deleted >= start || routed === null) return [];
    const isTaken = isSuccess(status) && routed.operation.scopes.length > 0;
    const broken = isTaken ? `a token of the deleted key ${kid} is answered with ${status}` : null;
    return [{ rule: "SB-KEY-DELETE-ENDS-TOKENS", broken }];
  }

  #judgeMachine(exchanged: Exchanged, { operationId, machine }: Aim): Judgement[] {
    if (operationId !== "createMachine" || !isSuccess(exchanged.status)) {
      if (operationId === "createMachine" && exchanged.status === 409) return [{ rule: takenRule, broken: null }];
      return [];
    }
    const key = `${scopeOf(exchanged)} ${machine}`;
    const alive = this.#machines.get(key);
    if (this.#removals.areNoneSince(exchanged.start)) this.#machines.set(key, exchanged.end);
    if (alive === undefined || alive >= exchanged.start) return [];
    return [{ rule: takenRule, broken: `the machine ${machine} is created a second time with ${exchanged.status}` }];
  }

  #learn(
    exchanged: Exchanged,
    { operationId, machine, instance }: Aim & { instance: string },
    facts: InstanceFacts,
    line: string,
  ): void {
    const { status, start, end, answerJson } = exchanged;
    if (operationId === "deleteMachineInstance" && isSuccess(status)) {
      facts.gone = end;
      this.#gone.add(facts);
    }
    if (writes(operationId) && isSuccess(status)) facts.line(line);
    if (!this.#removals.areOver(machine, instance, start) || !isSuccess(status)) return;
    if (operationId === "createMachineInstance" || reads.has(operationId)) {
      facts.alive = end;
      this.#forgetGone(facts);
    }
    if (
      operationId === "setMachineInstanceStatus" &&
      isObject(exchanged.requestJson) &&
      exchanged.requestJson.status === "paused"
    )
      facts.paused = end;
    if (!states.has(operationId) || !isObject(answerJson)) return;
    const { ts, state, publicContext } = answerJson;
    const text = JSON.stringify([state, publicContext]);
    const type = eventTypeOf(exchanged.requestJson);
    const isChange = facts.shown !== undefined && facts.shown.at < start && facts.shown.text !== text;
    if (operationId === "sendMachineInstanceEvent" && isChange && type !== undefined) facts.acknowledge(type, end);
    facts.shown = { text, at: end };
    if (typeof ts === "number") facts.tell(ts, writes(operationId), end);
  }

  #forgetGone(facts: InstanceFacts): void {
    facts.gone = undefined;
    this.#gone.delete(facts);
  }
}

const takenRule = "SB-MACHINE-CREATE-TAKEN-REFUSED";

function judgeInstance(
  exchanged: Exchanged,
  { operationId }: Aim,
  facts: InstanceFacts,
  whole: { entries: unknown[]; start: number } | null,
): Judgement[] {
  const { status, start } = exchanged;
  const found: Judgement[] = [];
  const isBefore = (moment: number | undefined) => moment !== undefined && moment < start;
  if (operationId === "createMachineInstance" && isBefore(facts.alive) && (isSuccess(status) || status === 409)) {
    const broken = isSuccess(status)
      ? `the instance is there already, and creating it again is answered with ${status}`
      : null;
    found.push({ rule: "SB-INST-CREATE-409-DUPLICATE", broken });
  }
  if (reads.has(operationId) && isBefore(facts.gone)) {
    const broken = isSuccess(status) ? `the instance was deleted, and ${operationId} is answered with ${status}` : null;
    found.push({ rule: "SB-DELETE-INST-GONE", broken });
  }
  if (operationId === "sendMachineInstanceEvent" && isBefore(facts.paused) && (isSuccess(status) || status === 409)) {
    const broken = isSuccess(status) ? `the instance is paused, and an event is answered with ${status}` : null;
    found.push({ rule: "SB-STATUS-PAUSED-409", broken });
  }
  if (states.has(operationId) && isSuccess(status)) found.push(...judgeTs(exchanged, operationId, facts));
  if (operationId === "listMachineInstanceTransitions" && whole !== null) found.push(...judgeTransitions(whole, facts));
  return found;
}

function judgeTs({ answerJson, start }: Exchanged, operationId: string, facts: InstanceFacts): Judgement[] {
  const floor = facts.floor(start);
  const ts = isObject(answerJson) ? answerJson.ts : undefined;
  if (floor === undefined || typeof ts !== "number") return [];
  const isStaleRead = operationId === "getMachineInstance" && floor.isWritten;
  const what = isStaleRead
    ? "a write was answered before it was asked for"
    : "another answer came before it was asked for";
  const broken = ts < floor.ts ? `the state is of ts ${ts}, though ${what}, with ts ${floor.ts}` : null;
  return [{ rule: isStaleRead ? "SB-INST-GET-200-LAST" : "SB-STATE-TS-MONOTONIC", broken }];
}

function judgeTransitions(
  { entries, start }: { entries: unknown[]; start: number },
  facts: InstanceFacts,
): Judgement[] {
  const due = facts.events.filter(({ at }) => at < start);
  if (due.length === 0) return [];
  const listed = entries.map((entry) => (isObject(entry) ? eventTypeOf({ event: entry.event }) : undefined));
  const count = (types: readonly (string | undefined)[], type: string) => types.filter((one) => one === type).length;
  const dueTypes = due.map(({ type }) => type);
  const lacking = dueTypes.find((type) => count(listed, type) < count(dueTypes, type));
  const broken =
    lacking === undefined
      ? null
      : `${count(dueTypes, lacking)} events ${lacking} were acknowledged and changed the state, and the transitions have ${count(listed, lacking)} of them`;
  return [{ rule: "SB-HIST-LIST-COMPLETE", broken }];
}

function aimOf({ routed, ...rest }: Asked): Aim {
  const { machineSlug = "", instanceSlug } = routed?.params ?? {};
  const operationId = routed?.operation.operationId ?? "";
  const body = "requestJson" in rest ? rest.requestJson : undefined;
  const slug = operationId === "createMachine" && isObject(body) ? String(body.slug) : machineSlug;
  return { operationId, machine: slug, instance: instanceSlug };
}

/** The instance that a creation's body names. */
function createdIn({ requestJson }: Exchanged, { operationId }: Aim): string | undefined {
  const slug = operationId === "createMachineInstance" && isObject(requestJson) ? requestJson.slug : undefined;
  return typeof slug === "string" ? slug : undefined;
}

function isCreation(operationId: string): boolean {
  return operationId === "createMachineInstance" || operationId.startsWith("sendHttpApi");
}

function writes(operationId: string): boolean {
  return states.has(operationId) ? operationId !== "getMachineInstance" : /^(delete|set)Machine/.test(operationId);
}

function eventTypeOf(body: unknown): string | undefined {
  const event = isObject(body) ? body.event : undefined;
  const type = isObject(event) ? event.type : event;
  return typeof type === "string" ? type : undefined;
}
