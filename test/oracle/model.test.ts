// The statechart as a pure model: both XStates agree on every machine that is planned for, and outcomes are what semantics.md allows.

import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadContracts } from "../../src/oracle/contracts.ts";
import { contextOf, eventOf, type Kind, loadKind } from "../../src/oracle/model/library.ts";
import { acceptedOf, type Instance, type Outcome } from "../../src/oracle/model/service.ts";
import { asJson, differenceOf } from "../../src/oracle/model/shown.ts";
import { MachineThrew, type Moment } from "../../src/oracle/model/statechart.ts";

const contracts = loadContracts(new URL("../../contracts", import.meta.url).pathname);
const kinds = new Map<string, Kind>();
const kindOf = (machine: string, version: 4 | 5): Kind => {
  const kind = kinds.get(`${machine} ${version}`);
  if (!kind) throw new Error(`${machine} is not planned for`);
  return kind;
};
beforeAll(async () => {
  for (const plan of contracts.plans) {
    for (const version of contracts.machines.get(plan.machine)?.keys() ?? []) {
      kinds.set(`${plan.machine} ${version}`, await loadKind(plan, version, contracts));
    }
  }
});

/** Those whose machine is written for both. */
const plans = contracts.plans.filter(({ machine }) => contracts.machines.get(machine)?.size === 2);

/** What a reader of the administrative state could tell two moments apart by. */
const essence = ({ value, context, tags, isDone, active }: Moment) =>
  asJson({ value, context, tags: tags.toSorted(), isDone, active: active.toSorted() });
const outcomesOf = (outcomes: Outcome[]) =>
  outcomes.map((outcome) =>
    outcome.kind === "refused"
      ? outcome
      : {
          moment: essence(outcome.moment),
          // XState 4 names what is done differently.
          transitions: outcome.reaction?.transitions.map((name) => name.replace(" xstate.done", " done")),
        },
  );

describe("XState 4 and XState 5", () => {
  it.each(plans.map((plan) => [plan.machine, plan] as const))("agree on %s", (machine, plan) => {
    const step = fc.record({
      event: fc.constantFrom(...plan.events),
      user: fc.oneof({ weight: 4, arbitrary: fc.constant(plan.users[0]) }, fc.constantFrom(...plan.users)),
    });
    const steps = fc.array(step, { maxLength: 25, size: "max" });
    const journeys = fc.record({ given: fc.constantFrom(...plan.contexts), steps });
    const [four, five] = [kindOf(machine, 4).model, kindOf(machine, 5).model];
    let handled = 0;
    fc.assert(
      fc.property(journeys, ({ given, steps }) => {
        const act = { sub: plan.users[0] };
        const context = contextOf(given, { secret: "s", n: 0 });
        const both = [four, five].map((model) => model.create(null, "it", context, act));
        expect(outcomesOf(both[0] ?? [])).toEqual(outcomesOf(both[1] ?? []));
        let [now4, now5] = both.map((outcomes): Instance | null => {
          const accepted = acceptedOf(outcomes);
          return accepted ? { name: "it", moment: accepted.moment, isPaused: false } : null;
        });
        for (const [n, { event, user }] of steps.entries()) {
          const sent = eventOf(event, { secret: "s", n });
          const after4 = four.send(now4 ?? null, sent, { sub: user });
          const after5 = five.send(now5 ?? null, sent, { sub: user });
          expect(outcomesOf(after4)).toEqual(outcomesOf(after5));
          handled += acceptedOf(after5)?.reaction?.transitions.length ?? 0;
          if (now4) now4 = { ...now4, moment: acceptedOf(after4)?.moment ?? now4.moment };
          if (now5) now5 = { ...now5, moment: acceptedOf(after5)?.moment ?? now5.moment };
          expect(four.read(now4 ?? null, { sub: user }).map(({ kind }) => kind)).toEqual(
            five.read(now5 ?? null, { sub: user }).map(({ kind }) => kind),
          );
        }
      }),
      { numRuns: 150, seed: 4 },
    );
    // A machine that never moved would agree with anything.
    expect(handled).toBeGreaterThan(100);
  });
  it.each(plans.map(({ machine }) => machine))("name the same parts of %s", (machine) => {
    const parts = ([4, 5] as const).map((version) => {
      const { states, transitions, guards } = kindOf(machine, version).model.chart.elements;
      return {
        states,
        transitions: transitions.map((name) => name.replace(" xstate.done", " done")).toSorted(),
        guards,
      };
    });
    expect(parts[0]).toEqual(parts[1]);
  });
});

describe.each([4, 5] as const)("a statechart of XState %d", (version) => {
  const chartOf = (machine: string) => kindOf(machine, version).model.chart;

  it("begins with the given context laid over the machine's own", () => {
    const { moment } = chartOf("nested").begin({ public: { fuel: 20 }, note: "n" });
    expect(moment.context).toEqual({ public: { fuel: 20 }, note: "n" });
    // The eventless transition sees it.
    expect(moment.value).toEqual({ check: { engine: "cold", tank: "full" } });
    if (version === 4) return;
    const { context } = chartOf("defaults").begin({ name: "Ada", colour: "red" }).moment;
    expect(context).toEqual({ public: { greeting: "hello Ada" }, colour: "red", name: "Ada" });
  });
  it("tells which transition was taken, and what each guard said", () => {
    const chart = chartOf("locker");
    const shut = chart.begin({ code: "1" }).moment;
    expect(chart.react(shut, { type: "OPEN", code: "1" })).toMatchObject({
      transitions: ["shut OPEN [codeFits] → open"],
      guards: [{ name: "codeFits", result: true }],
    });
    const missed = chart.react(shut, { type: "OPEN", code: "2" });
    expect(missed.transitions).toEqual(["shut OPEN"]);
    expect(missed.guards).toEqual([
      { name: "codeFits", result: false },
      { name: "isLastTry", result: false },
    ]);
    expect(missed.moment.context.tries).toBe(1);
    expect(shut.context.tries).toBe(0);
    expect(chart.react(shut, { type: "TAKE" })).toMatchObject({ transitions: [], moment: { value: "shut" } });
  });
  it("throws what the machine's code throws, but not what its effects do", () => {
    const chart = chartOf("faulty");
    const { moment } = chart.begin({});
    expect(() => chart.react(moment, { type: "GUARD" })).toThrow(MachineThrew);
    expect(() => chart.react(moment, { type: "ASSIGN" })).toThrow("as intended");
    expect(chart.react(moment, { type: "EFFECT" }).moment.value).toBe("reached");
  });
  it("leaves what is done alone", () => {
    const chart = chartOf("toggle");
    const { moment } = chart.react(chart.begin({}).moment, { type: "BREAK" });
    expect(moment.isDone).toBe(true);
    expect(chart.react(moment, { type: "FLIP" })).toEqual({ moment, transitions: [], guards: [] });
  });
});

describe("what the service may answer", () => {
  const { send, create, read } = {
    send: (...args: Parameters<Kind["model"]["send"]>) => kindOf("guarded", 5).model.send(...args),
    create: (...args: Parameters<Kind["model"]["create"]>) => kindOf("guarded", 5).model.create(...args),
    read: (...args: Parameters<Kind["model"]["read"]>) => kindOf("guarded", 5).model.read(...args),
  };
  const owner = { sub: "oracle" };
  const other = { sub: "other" };
  const diary = (): Instance => {
    const accepted = acceptedOf(create(null, "diary", { public: { owner: "oracle" } }, owner));
    if (!accepted) throw new Error("not created");
    return { name: "diary", moment: accepted.moment, isPaused: false };
  };
  const refusals = (outcomes: Outcome[]) =>
    outcomes.map((outcome) => (outcome.kind === "refused" ? [outcome.reason, ...outcome.statuses] : [outcome.kind]));

  it("nothing but 404 about what is not there", () => {
    expect(refusals(send(null, { type: "WRITE" }, owner))).toEqual([["absent", 404]]);
    expect(refusals(read(null, owner))).toEqual([["absent", 404]]);
  });
  it("403 where an authorizer refuses or throws", () => {
    expect(refusals(create(null, "d", { public: { owner: "oracle" } }, other))).toEqual([["write-refused", 403]]);
    expect(refusals(send(diary(), { type: "WRITE" }, other))).toEqual([["write-refused", 403]]);
    expect(refusals(send(diary(), { type: "WRITE" }, { sub: "thrower" }))).toEqual([["write-refused", 403]]);
    expect(refusals(read(diary(), other))).toEqual([["read-refused", 403]]);
  });
  it("either status where nobody says what is looked at first", () => {
    const paused = { ...diary(), isPaused: true };
    expect(refusals(send(paused, { type: "WRITE" }, owner))).toEqual([["paused", 409]]);
    expect(refusals(send(paused, { type: "WRITE" }, other))).toEqual([["paused", 409, 403]]);
    expect(refusals(create(paused, "diary", {}, other))).toEqual([["taken", 409, 403]]);
  });
  it("200 or a refusal to what is done", () => {
    const { model } = kindOf("toggle", 4);
    const done = acceptedOf(model.send({ ...diaryOf(model), name: "t" }, { type: "BREAK" }, owner));
    const now = { name: "t", isPaused: false, moment: done?.moment as Moment };
    expect(refusals(model.send(now, { type: "FLIP" }, owner))).toEqual([["accepted"], ["done", 400, 403, 409]]);
  });
  function diaryOf(model: Kind["model"]): Instance {
    return { name: "t", isPaused: false, moment: model.chart.begin({}).moment };
  }
});

describe("an answer", () => {
  const shown = { ts: 1, state: "shut", publicContext: { things: [], room: 3 }, tags: ["safe"], done: false };
  const moment = () => kindOf("locker", 5).model.chart.begin({}).moment;
  it("is compared part by part", () => {
    expect(differenceOf(moment(), shown)).toBeNull();
    expect(differenceOf(moment(), { ...shown, state: "open" })).toMatchObject({ aspect: "state" });
    expect(differenceOf(moment(), { ...shown, publicContext: { things: [1], room: 3 } })?.aspect).toBe("context");
    expect(differenceOf(moment(), { ...shown, publicContext: undefined })?.aspect).toBe("context");
    expect(differenceOf(moment(), { ...shown, tags: [] })?.message).toBe('`tags` is [], not ["safe"]');
    expect(differenceOf(moment(), { ...shown, done: true })?.aspect).toBe("done");
    expect(differenceOf(moment(), undefined)?.aspect).toBe("state");
  });
  it("may leave an empty public context out", () => {
    const paint = kindOf("paint", 5).model.chart.begin({}).moment;
    const { value: state } = paint;
    expect(differenceOf(paint, { state, tags: [], done: false })).toBeNull();
    expect(differenceOf(paint, { state, tags: [], done: false, publicContext: {} })).toBeNull();
    expect(differenceOf(paint, { state, tags: [], done: false, publicContext: { color: null } })?.aspect).toBe(
      "context",
    );
  });
});
