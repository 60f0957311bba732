// A parent in XState 5, written with the published helper package as far as it goes: it spawns one child and invokes another, and notes what it hears of them.

import { assign, cancel, createMachine, sendTo } from "npm:xstate@5";
import { persistentInvocableSource, sendTo as sendToOfThePackage, spawnPersistentInstance } from "@statebacked/machine";

export const allowRead = () => true;
export const allowWrite = () => true;

const note = assign({
  public: ({ context, event: { type, n, output } }) => ({
    heard: [...context.public.heard, `${type} ${n ?? output?.n}`],
  }),
});
const kid = ({ context }) => context.kid;

export default createMachine({
  context: { public: { heard: [] } },
  initial: "idle",
  on: { UP: { actions: note }, "xstate.done.actor.kid": { actions: note } },
  states: {
    idle: {
      on: {
        SPAWN: {
          actions: assign({
            kid: ({ event: { name } }) =>
              spawnPersistentInstance(
                { machineName: "child5", machineInstanceName: name },
                { name: "kid", context: { sum: 5 } },
              ),
          }),
        },
        TELL: { actions: sendTo(kid, ({ event: { n } }) => ({ type: "ADD", n })) },
        TELL_AS_IN_4: { actions: sendToOfThePackage((context) => context.kid, { type: "ADD", n: -1000 }) },
        LATER: { actions: sendTo(kid, { type: "ADD", n: 100 }, { delay: 1000 }) },
        NEVER: { actions: sendTo(kid, { type: "ADD", n: -1 }, { delay: 1000, id: "never" }) },
        UNNEVER: { actions: cancel("never") },
        DISMISS: { actions: sendTo(kid, { type: "END" }) },
        CALL: "calling",
      },
    },
    calling: {
      invoke: {
        id: "worker",
        src: persistentInvocableSource({ machineName: "child5" }),
        input: { sum: 2 },
        onDone: { target: "answered", actions: note },
        onError: "failed",
      },
      on: {
        TELL: { actions: sendTo("worker", ({ event: { n } }) => ({ type: "ADD", n })) },
        DISMISS: { actions: sendTo("worker", { type: "END" }) },
      },
    },
    answered: {},
    failed: {},
  },
});
