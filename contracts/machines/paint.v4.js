// A pot of paint: color and labels to be indexed, and nobody may read it.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => false;
export const allowWrite = () => true;

export default createMachine({
  id: "paint",
  predictableActionArguments: true,
  context: { color: null, labels: [] },
  on: {
    PAINT: { actions: assign({ color: (_, event) => event.color }) },
    LABEL: { actions: assign({ labels: (_, event) => event.labels }) },
  },
});
