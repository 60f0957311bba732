// The machines of the engine suite, each written once for XState 4 and once for XState 5: the same behaviour is expected of both.

export type Major = 4 | 5;

const authorizers = `
export const allowRead = ({ authContext }) => authContext.sub === "ann";
export const allowWrite = ({ authContext }) => authContext.sub === "ann";
`;

const imports = {
  4: `import { createMachine, assign, raise, send } from "npm:xstate";`,
  5: `import { createMachine, assign, raise, sendTo, fromPromise, fromCallback } from "npm:xstate@5";`,
};

/** A module with a machine config and the usual authorizers. `(c, e)` in the body reads context and event in either version. */
export function chart(major: Major, config: string, more = ""): string {
  const helpers =
    major === 5
      ? `const act = (f) => ({ context, event }) => f(context, event);
const set = (f) => assign(({ context, event }) => f(context, event));
const when = (f) => ({ guard: ({ context, event }) => f(context, event) });
const task = (f) => ({ src: fromPromise(({ input }) => f(input.c, input.e)), input: ({ context, event }) => ({ c: context, e: event }) });
const result = (e) => e.output; const failure = (e) => e.error;`
      : `const act = (f) => (c, e) => f(c, e);
const set = (f) => assign((c, e) => f(c, e));
const when = (f) => ({ cond: (c, e) => f(c, e) });
const task = (f) => ({ src: (c, e) => f(c, e) });
const result = (e) => e.data; const failure = (e) => e.data;`;
  return `${imports[major]}\n${helpers}\n${authorizers}\n${more}\nexport default createMachine(${config});`;
}

/** Counts, with a guard, an unguarded mistake and several ways to go wrong. */
export const counter = (major: Major) =>
  chart(
    major,
    `{ id: "counter", ${major === 4 ? "predictableActionArguments: true," : ""} initial: "counting", context: { public: { count: 0 }, secret: "s" },
  states: { counting: { tags: ["open"], on: {
    INC: { ...when((c, e) => (e.by ?? 1) > 0), actions: set((c, e) => ({ public: { count: c.public.count + (e.by ?? 1) } })) },
    BREAK_GUARD: { ...when(() => { throw new Error("guard broke"); }), target: "over" },
    BREAK_ASSIGN: { actions: set(() => { throw new Error("assign broke"); }) },
    BREAK_ACTION: { target: "over", actions: [act(() => { throw new Error("action broke"); }), act(() => console.log("the next action ran"))] },
    CYCLE: { actions: set(() => { const a = {}; a.a = a; return { a }; }) },
    BIG: { actions: set(() => ({ big: 10n })) },
    FILL: { actions: set((c, e) => ({ filler: "x".repeat(e.size) })) },
    END: "over" } },
    over: { type: "final", tags: ["closed"] } } }`,
  );

/** Compound, parallel, history, always and raise in one. */
export const structure = (major: Major) =>
  chart(
    major,
    `{ id: "doc", initial: "editing", context: {},
  states: {
    editing: { type: "parallel", tags: ["busy"],
      states: {
        text: { initial: "plain", states: { plain: { on: { STYLE: "rich" } }, rich: { tags: ["rich"], on: { STYLE: "plain" } }, hist: { type: "history" } } },
        help: { initial: "closed", states: { closed: { on: { HELP: "open" } }, open: { on: { HELP: "closed" } } } },
        deep: { type: "history", history: "deep" } },
      on: { PAUSE: "paused", HURRY: { target: "hurried" } } },
    paused: { on: { RESUME: "editing.deep", RESTART: "editing" } },
    hurried: { entry: raise(${major === 4 ? `"GO_ON"` : `{ type: "GO_ON" }`}), on: { GO_ON: "passing" } },
    passing: { always: [{ ...when((c) => c.never === true), target: "paused" }, { target: "ended" }] },
    ended: { type: "final" } } }`,
  );

/** What `structure` could have become: every state has another name, and editing lies deeper. */
export const restructured = (major: Major) =>
  chart(
    major,
    `{ id: "paper", initial: "desk", context: {},
  states: {
    desk: { initial: "work", states: { work: { type: "parallel", tags: ["busy"],
      states: {
        body: { initial: "bare", states: { bare: { on: { STYLE: "fancy" } }, fancy: { tags: ["rich"], on: { STYLE: "bare" } }, last: { type: "history" } } },
        aid: { initial: "hidden", states: { hidden: { on: { HELP: "shown" } }, shown: { on: { HELP: "hidden" } } } },
        all: { type: "history", history: "deep" } },
      on: { PAUSE: "#paper.shelf", ONLY_BODY: "#paper.shelf" } } } },
    shelf: { on: { RESUME: "desk.work.all", BODY: "desk.work.body.last", RESTART: "desk" } },
    gone: { type: "final" } } }`,
  );

/** Waits for a promise that takes `ms` and then resolves with `value`, or rejects when `fail` is set. */
export const waiter = (major: Major) =>
  chart(
    major,
    `{ id: "waiter", initial: "idle", context: { public: {} },
  states: {
    idle: { on: { GO: "busy" } },
    busy: { entry: act(() => console.log("busy entered")),
      invoke: { id: "work", ...task((c, e) => { console.log("work began"); return new Promise((ok, no) => setTimeout(() => { console.log("work ended"); e.fail ? no(new Error("no luck")) : ok(e.value); }, e.ms)); }),
        onDone: { target: "idle", actions: set((c, e) => ({ public: { got: result(e) } })) },
        onError: { target: "failed", actions: set((c, e) => ({ public: { error: failure(e).message } })) } },
      on: { PING: { actions: set((c) => ({ pings: (c.pings ?? 0) + 1 })) }, LEAVE: "idle" } },
    failed: { on: { GO: "busy" } } } }`,
  );
