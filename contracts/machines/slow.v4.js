// A kettle: boiling is a promise that takes `delayMs` and can fail.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = () => true;

const boil = async ({ delayMs, fails }) => {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  if (fails) throw new Error("no water");
  return "steam";
};

export default createMachine(
  {
    id: "slow",
    predictableActionArguments: true,
    initial: "cold",
    context: { public: { result: null, nudges: 0 }, delayMs: 50, fails: false },
    states: {
      cold: { on: { BOIL: "boiling" } },
      boiling: {
        on: { NUDGE: { actions: "nudge" } },
        invoke: { id: "boil", src: "boil", onDone: { target: "hot", actions: "serve" }, onError: { target: "dry" } },
      },
      hot: { on: { COOL: "cold" } },
      dry: { on: { COOL: "cold" } },
    },
  },
  {
    services: { boil },
    actions: {
      nudge: assign({ public: (context) => ({ ...context.public, nudges: context.public.nudges + 1 }) }),
      serve: assign({ public: (context, event) => ({ ...context.public, result: event.data }) }),
    },
  },
);
