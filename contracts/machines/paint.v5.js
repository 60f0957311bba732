// A pot of paint: color and labels to be indexed, and nobody may read it.
import { assign, createMachine } from "npm:xstate@5";

export const allowRead = () => false;
export const allowWrite = () => true;

export default createMachine({
  id: "paint",
  context: { color: null, labels: [] },
  on: {
    PAINT: { actions: assign({ color: ({ event }) => event.color }) },
    LABEL: { actions: assign({ labels: ({ event }) => event.labels }) },
  },
});
