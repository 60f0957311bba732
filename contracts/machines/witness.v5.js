// A counter with two regions, whose authorizer is a witness: it lets an event through only if it was given the state and context from before it.
import { assign, createMachine } from "npm:xstate@5";

export const allowRead = () => true;
// Each event says what its authorizer must be given: the state and the count before it, and the context of a creation as the client gave it.
export const allowWrite = ({ type, state, context, event }) => {
  if (type === "initialization") return JSON.stringify(context) === "{}";
  return event.expected === undefined || event.expected === `${state} ${context.public.count}`;
};

const count = assign({ public: ({ context }) => ({ ...context.public, count: context.public.count + 1 }) });

export default createMachine({
  id: "witness",
  initial: "idle",
  context: ({ input }) => ({ public: { count: 0, input: JSON.stringify(input) } }),
  states: {
    idle: { on: { COUNT: { target: "busy", actions: count }, SPLIT: "both" } },
    busy: { on: { COUNT: { target: "idle", actions: count } } },
    both: {
      type: "parallel",
      tags: ["split"],
      states: {
        left: {
          initial: "up",
          states: { up: { tags: ["left-up"], on: { DOWN: "down" } }, down: { tags: ["left-down"] } },
        },
        right: { initial: "up", states: { up: { tags: ["right-up"] } } },
      },
    },
  },
});
