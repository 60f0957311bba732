// A machine whose effects can be seen: each prints what it did.
import { assign, createMachine, fromPromise } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

const work = fromPromise(async ({ input: { delayMs } }) => {
  console.log("work begun");
  await new Promise((resolve) => setTimeout(resolve, delayMs));
});
const fail = () => {
  throw new Error("as intended");
};

export default createMachine({
  id: "doer",
  initial: "idle",
  context: { public: {}, delayMs: 300 },
  states: {
    idle: {
      on: {
        DO: { actions: ({ event }) => console.log(`did ${event.n}`) },
        BREAK: { actions: [() => console.log("did not"), assign({ public: fail })] },
        WORK: "working",
      },
    },
    working: {
      on: { NUDGE: {} },
      invoke: { src: work, input: ({ context: { delayMs } }) => ({ delayMs }), onDone: "idle", onError: "idle" },
    },
  },
});
