// A light: two states, tags, public and private context, and an end.
import { assign, createMachine } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

export default createMachine(
  {
    id: "toggle",
    initial: "off",
    context: { public: { flips: 0 }, secret: "hidden" },
    states: {
      off: { tags: ["dark"], on: { FLIP: { target: "on", actions: "count" }, BREAK: "broken" } },
      on: { tags: ["lit"], on: { FLIP: { target: "off", actions: "count" }, BREAK: "broken" } },
      broken: { type: "final" },
    },
  },
  {
    actions: {
      count: assign({ public: ({ context }) => ({ ...context.public, flips: (context.public?.flips ?? 0) + 1 }) }),
    },
  },
);
