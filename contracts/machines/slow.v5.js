// A kettle: boiling is a promise that takes `delayMs` and can fail.
import { assign, createMachine, fromPromise } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

const boil = fromPromise(async ({ input: { delayMs, fails } }) => {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (fails) throw new Error("no water");
  return "steam";
});

export default createMachine(
  {
    id: "slow",
    initial: "cold",
    context: { public: { result: null, nudges: 0 }, delayMs: 50, fails: false },
    states: {
      cold: { on: { BOIL: "boiling" } },
      boiling: {
        on: { NUDGE: { actions: "nudge" } },
        invoke: {
          id: "boil",
          src: "boil",
          input: ({ context: { delayMs, fails } }) => ({ delayMs, fails }),
          onDone: { target: "hot", actions: "serve" },
          onError: { target: "dry" },
        },
      },
      hot: { on: { COOL: "cold" } },
      dry: { on: { COOL: "cold" } },
    },
  },
  {
    actors: { boil },
    actions: {
      nudge: assign({ public: ({ context }) => ({ ...context.public, nudges: context.public.nudges + 1 }) }),
      serve: assign({ public: ({ context, event }) => ({ ...context.public, result: event.output }) }),
    },
  },
);
