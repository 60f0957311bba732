// The walker's child in XState 5: it tells its parent that it is there, and ends when it is told to.
import { createMachine, sendParent } from "npm:xstate@5";
import { hear } from "./shared/hear.js";

export const allowRead = () => true;
export const allowWrite = () => true;

const heard = (what) => (args) => void hear(args.context, what);

export default createMachine({
  initial: "there",
  states: {
    there: {
      entry: [sendParent({ type: "UP" }), heard("kid-born")],
      on: { END: { target: "over", actions: heard("kid-over") } },
    },
    over: { type: "final" },
  },
});
