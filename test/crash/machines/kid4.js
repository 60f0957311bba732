// The walker's child in XState 4: it tells its parent that it is there, and ends when it is told to.
import { createMachine, sendParent } from "npm:xstate";
import { hear } from "./shared/hear.js";

export const allowRead = () => true;
export const allowWrite = () => true;

const heard = (what) => (context) => void hear(context, what);

export default createMachine({
  predictableActionArguments: true,
  initial: "there",
  states: {
    there: {
      entry: [sendParent({ type: "UP" }), heard("kid-born")],
      on: { END: { target: "over", actions: heard("kid-over") } },
    },
    over: { type: "final" },
  },
});
