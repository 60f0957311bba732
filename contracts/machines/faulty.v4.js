// Code that fails: in a guard, in an assignment, in an action, and by growing without measure.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = () => true;

const fail = () => {
  throw new Error("as intended");
};

export default createMachine({
  id: "faulty",
  predictableActionArguments: true,
  initial: "sound",
  context: { public: { steps: 0 }, filler: "" },
  states: {
    sound: {
      on: {
        STEP: { actions: assign({ public: (context) => ({ steps: context.public.steps + 1 }) }) },
        GUARD: { target: "reached", cond: fail },
        ASSIGN: { target: "reached", actions: assign({ public: fail }) },
        EFFECT: { target: "reached", actions: fail },
        GROW: { target: "reached", actions: assign({ filler: (_context, event) => "x".repeat(event.bytes) }) },
      },
    },
    reached: { on: { BACK: "sound" } },
  },
});
