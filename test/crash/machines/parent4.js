// A parent in XState 4, written with the published helper package: it spawns one child and invokes another, and notes what it hears of them.

import { actions, assign, createMachine } from "npm:xstate";
import { persistentInvocableSource, sendTo, spawnPersistentInstance } from "@statebacked/machine";

export const allowRead = () => true;
export const allowWrite = () => true;

const note = assign({
  public: (context, { type, n, data }) => ({ heard: [...context.public.heard, `${type} ${n ?? data?.n}`] }),
});
const kid = (context) => context.kid;

export default createMachine({
  predictableActionArguments: true,
  context: { public: { heard: [] } },
  initial: "idle",
  on: { UP: { actions: note }, "done.invoke.kid": { actions: note } },
  states: {
    idle: {
      on: {
        SPAWN: {
          actions: assign({
            kid: (_, { name }) =>
              spawnPersistentInstance(
                { machineName: "child4", machineInstanceName: name },
                { name: "kid", context: { sum: 5 } },
              ),
          }),
        },
        TELL: { actions: sendTo(kid, (_, { n }) => ({ type: "ADD", n })) },
        TELL_BY_NAME: { actions: sendTo("kid", { type: "ADD", n: 1000 }) },
        LATER: { actions: sendTo(kid, { type: "ADD", n: 100 }, { delay: 1000 }) },
        NEVER: { actions: sendTo(kid, { type: "ADD", n: -1 }, { delay: 1000, id: "never" }) },
        UNNEVER: { actions: actions.cancel("never") },
        DISMISS: { actions: sendTo(kid, { type: "END" }) },
        CALL: "calling",
      },
    },
    calling: {
      invoke: {
        id: "worker",
        src: persistentInvocableSource({ machineName: "child4" }),
        data: { sum: 2 },
        onDone: { target: "answered", actions: note },
        onError: "failed",
      },
      on: {
        TELL: { actions: sendTo("worker", (_, { n }) => ({ type: "ADD", n })) },
        DISMISS: { actions: sendTo("worker", { type: "END" }) },
      },
    },
    answered: {},
    failed: {},
  },
});
