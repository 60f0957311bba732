// A child in XState 5 that adds up what it is told, tells its parent each sum, and returns the last.
import { assign, createMachine, sendParent } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

export default createMachine({
  context: { sum: 0 },
  initial: "adding",
  output: ({ context }) => ({ n: context.sum }),
  states: {
    adding: {
      on: {
        ADD: {
          actions: [
            assign({ sum: ({ context, event }) => context.sum + event.n }),
            sendParent(({ context }) => ({ type: "UP", n: context.sum })),
          ],
        },
        END: "over",
      },
    },
    over: { type: "final" },
  },
});
