// Code that fails: in a guard, in an assignment, in an action, and by growing without measure.
import { assign, createMachine } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

const fail = () => {
  throw new Error("as intended");
};

export default createMachine({
  id: "faulty",
  initial: "sound",
  context: { public: { steps: 0 }, filler: "" },
  states: {
    sound: {
      on: {
        STEP: { actions: assign({ public: ({ context }) => ({ steps: context.public.steps + 1 }) }) },
        GUARD: { target: "reached", guard: fail },
        ASSIGN: { target: "reached", actions: assign({ public: fail }) },
        EFFECT: { target: "reached", actions: fail },
        GROW: { target: "reached", actions: assign({ filler: ({ event }) => "x".repeat(event.bytes) }) },
      },
    },
    reached: { on: { BACK: "sound" } },
  },
});
