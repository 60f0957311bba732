// A machine whose effects can be seen: each prints what it did.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = () => true;

const work = async ({ delayMs }) => {
  console.log("work begun");
  await new Promise((resolve) => setTimeout(resolve, delayMs));
};
const fail = () => {
  throw new Error("as intended");
};

export default createMachine({
  id: "doer",
  predictableActionArguments: true,
  initial: "idle",
  context: { public: {}, delayMs: 300 },
  states: {
    idle: {
      on: {
        DO: { actions: (_, event) => console.log(`did ${event.n}`) },
        BREAK: { actions: [() => console.log("did not"), assign({ public: fail })] },
        WORK: "working",
      },
    },
    working: {
      on: { NUDGE: {} },
      invoke: { src: work, onDone: "idle", onError: "idle" },
    },
  },
});
