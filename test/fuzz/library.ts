// The named implementations that generated machines use, as source: the same behaviour in the words of XState 4 and of XState 5.
//
// Whatever takes time waits at a gate, and the runner opens them one at a time when nothing else happens: those of `soon` in order, those of
// `held` once an action (`release`, `refuse`) says so. A service that commits between two events can't promise more: were two children to
// end in one turn, XState alone would stop the second before it is heard. `tick` ends loops, by a throw that both sides meet.

import type { Major } from "./spec.ts";

/** Microsteps of the kinds that could go on for ever, in the life of an instance. */
const maxTicks = 20;

const common = `
const soon = [], held = [];
const later = (gates, value, fails = false) => new Promise((resolve, reject) => {
  gates.push((refuse) => (fails || refuse ? reject(new Error("refused " + value)) : resolve({ value })));
});
const letGo = (refuse) => { const gate = held.shift(); if (gate) soon.push(() => gate(refuse)); };
const emit = (...words) => {
  let isOver = false;
  const say = (index) => () => {
    if (isOver) return;
    if (index + 1 < words.length) soon.push(say(index + 1));
    words[index]();
  };
  soon.push(say(0));
  return { unsubscribe: () => { isOver = true; show("unsubscribed"); } };
};
// A child that is stopped for a value it tells is stopped at once here, natively when it and whatever its value led to have finished.
const silently = ({ subscribe }) => ({ subscribe: (observer) => { subscribe(observer); return { unsubscribe: () => {} }; } });
const payload = (event) => event.n ?? event.output ?? event.error?.message ?? event.data?.message ?? event.data ?? null;
const show = (...parts) => console.log(JSON.stringify(parts));
const ticked = (context) => { if (context.ticks >= ${maxTicks}) throw new Error("this goes on for ever"); return context.ticks + 1; };
const fragile = (event, value) => { if (event.n === 4) throw new Error("fragile"); return value; };
const without = (refs, id) => { const { [id]: _, ...rest } = refs; return rest; };`;

const library5 = `
const { and, assign, cancel, createMachine, enqueueActions, fromCallback, fromEventObservable, fromObservable, fromPromise, fromTransition, log, not, or, raise, sendParent, sendTo, spawnChild, stateIn, stopChild } = xstate;
${common}
const actions = {
  trace: ({ context, event, self }, { at }) => show(at, event.type, payload(event), context.n, self.getSnapshot().value),
  boom: ({ event }) => { show("boom", event.type); throw new Error("boom"); },
  release: ({ event }) => { show("release", event.type); letGo(false); },
  refuse: ({ event }) => { show("refuse", event.type); letGo(true); },
  inc: assign({ n: ({ context }) => context.n + 1 }),
  note: assign(({ context, event }) => ({ seen: [...context.seen, event.type].slice(-5) })),
  flip: assign({ flag: ({ context }) => !context.flag }),
  fragile: assign(({ context, event }) => fragile(event, { n: context.n + 2 })),
  tick: assign({ ticks: ({ context }) => ticked(context) }),
};
const guards = {
  even: ({ context }) => context.n % 2 === 0,
  flagged: ({ context }) => context.flag,
  big: ({ event }) => (event.n ?? 0) > 1,
  atLeast: ({ context }, { min }) => context.n >= min,
  never: () => false,
  fresh: ({ context }) => context.ticks < 6,
  fragile: ({ event }) => fragile(event, true),
};
const delays = { SHORT: 20, COMPUTED: ({ context }) => 5 * (context.n + 1) };
const stream = (breaks) => ({
  subscribe(observer) {
    const next = () => observer.next?.({ type: "CALL", n: 1 });
    return emit(next, next, () => (breaks ? observer.error?.(new Error("broken")) : observer.complete?.()));
  },
});
const kid = (initial) => createMachine({
  id: "kid", initial, output: { kid: initial },
  states: {
    waiting: { entry: () => show("kid waits"), exit: () => show("kid goes"), on: { A: "over", CALL: {}, "*": { actions: sendParent(({ event }) => ({ type: "CALL", n: payload(event) })) } } },
    talking: { entry: [() => show("kid talks"), sendParent({ type: "CALL", n: 1 })], always: "waiting" },
    over: { type: "final" },
  },
});
const actors = {
  soon: fromPromise(({ input }) => later(soon, input?.n ?? 0)),
  soonNot: fromPromise(({ input }) => later(soon, input?.n ?? 0, true)),
  held: fromPromise(({ input }) => later(held, input?.n ?? 0)),
  throws: fromPromise(() => { throw new Error("no promise"); }),
  caller: fromCallback(({ sendBack }) => { sendBack({ type: "CALL", n: 1 }); return () => show("caller ends"); }),
  echo: fromCallback(({ sendBack, receive }) => { receive((event) => sendBack({ type: "CALL", n: event.n ?? 0 })); }),
  quiet: fromCallback(({ input }) => { show("quiet begins", input?.n ?? null); return () => show("quiet ends"); }),
  stream: fromEventObservable(() => stream(false)),
  brokenStream: fromEventObservable(() => stream(true)),
  values: fromObservable(() => silently(stream(false))),
  reducer: fromTransition((sum, event) => { show("reducer", event.type, sum); return sum + 1; }, 0),
  kid: kid("waiting"),
  talker: kid("talking"),
  ender: kid("over"),
};`;

const library4 = `
const { assign, cancel, choose, createMachine, log, pure, raise, send, sendParent, sendTo, spawn, stop } = xstate;
${common}
const actions = {
  trace: (context, event, { action, state }) => show(action.at, event.type, payload(event), context.n, state?.value ?? null),
  boom: (context, event) => { show("boom", event.type); throw new Error("boom"); },
  release: (context, event) => { show("release", event.type); letGo(false); },
  refuse: (context, event) => { show("refuse", event.type); letGo(true); },
  inc: assign({ n: (context) => context.n + 1 }),
  note: assign((context, event) => ({ seen: [...context.seen, event.type].slice(-5) })),
  flip: assign({ flag: (context) => !context.flag }),
  fragile: assign((context, event) => fragile(event, { n: context.n + 2 })),
  tick: assign({ ticks: (context) => ticked(context) }),
};
const guards = {
  even: (context) => context.n % 2 === 0,
  flagged: (context) => context.flag,
  big: (context, event) => (event.n ?? 0) > 1,
  atLeast: (context, event, { cond }) => context.n >= cond.min,
  never: () => false,
  fresh: (context) => context.ticks < 6,
  fragile: (context, event) => fragile(event, true),
};
const delays = { SHORT: 20, COMPUTED: (context) => 5 * (context.n + 1) };
const stream = (breaks) => ({
  subscribe(observer, fail, finish) {
    const next = () => observer({ type: "CALL", n: 1 });
    return emit(next, next, () => (breaks ? fail(new Error("broken")) : finish()));
  },
});
const kid = (initial) => createMachine({
  id: "kid", initial, predictableActionArguments: true, context: {},
  states: {
    waiting: { entry: () => show("kid waits"), exit: () => show("kid goes"), on: { A: "over", CALL: {}, "*": { actions: sendParent((context, event) => ({ type: "CALL", n: payload(event) })) } } },
    talking: { entry: [() => show("kid talks"), sendParent({ type: "CALL", n: 1 })], always: "waiting" },
    over: { type: "final", data: { kid: initial } },
  },
});
const services = {
  soon: (context) => later(soon, context.n),
  soonNot: (context) => later(soon, context.n, true),
  held: (context) => later(held, context.n),
  throws: () => { throw new Error("no promise"); },
  caller: () => (sendBack) => { sendBack({ type: "CALL", n: 1 }); return () => show("caller ends"); },
  echo: () => (sendBack, receive) => { receive((event) => sendBack({ type: "CALL", n: event.n ?? 0 })); },
  quiet: (context) => () => { show("quiet begins", context.n); return () => show("quiet ends"); },
  stream: () => stream(false),
  brokenStream: () => stream(true),
  values: () => stream(false),
  reducer: () => ({ initialState: 0, transition: (sum, event) => { show("reducer", event.type ?? null, sum); return sum + 1; } }),
  kid: kid("waiting"),
  talker: kid("talking"),
  ender: kid("over"),
};
// What is spawned in an assign is made while that is computed; a promise would wait at its gate before its time, so a function makes it.
const begin = (name, context) => {
  if (["soon", "soonNot", "held"].includes(name)) return () => services[name](context);
  return typeof services[name] === "function" ? services[name](context) : services[name];
};`;

export const libraries: { [major in Major]: string } = { 4: library4, 5: library5 };

/** Second argument of `createMachine`. */
export const implementations: { [major in Major]: string } = {
  4: "{ actions, guards, delays, services }",
  5: "{ actions, guards, delays, actors }",
};
