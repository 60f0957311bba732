// A flight check: parallel regions, a compound parent, remembered history, an eventless transition and a raised event.
import { assign, createMachine, raise } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

export default createMachine({
  id: "nested",
  initial: "check",
  context: { public: { fuel: 0 } },
  states: {
    check: {
      type: "parallel",
      on: { HALT: "halted" },
      onDone: "cleared",
      states: {
        past: { type: "history", history: "deep" },
        engine: {
          initial: "cold",
          states: {
            cold: { tags: ["waiting"], on: { WARM: "hot" } },
            hot: { on: { SIGN: "signed" } },
            signed: { type: "final" },
          },
        },
        tank: {
          initial: "filling",
          states: {
            filling: {
              on: { PUMP: { actions: assign({ public: ({ context }) => ({ fuel: context.public.fuel + 10 }) }) } },
              always: { target: "full", guard: ({ context }) => context.public.fuel >= 20 },
            },
            full: { type: "final" },
          },
        },
      },
    },
    halted: { on: { RESUME: "#nested.check.past", RESTART: "check" } },
    cleared: { tags: ["ready"], entry: raise({ type: "TAXI" }), on: { TAXI: "rolling" } },
    rolling: { type: "final" },
  },
});
