// A child in XState 4 that adds up what it is told, tells its parent each sum, and returns the last.
import { assign, createMachine, sendParent } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = () => true;

export default createMachine({
  predictableActionArguments: true,
  context: { sum: 0 },
  initial: "adding",
  states: {
    adding: {
      on: {
        ADD: {
          actions: [assign({ sum: ({ sum }, { n }) => sum + n }), sendParent(({ sum }) => ({ type: "UP", n: sum }))],
        },
        END: "over",
      },
    },
    over: { type: "final", data: { n: ({ sum }) => sum } },
  },
});
