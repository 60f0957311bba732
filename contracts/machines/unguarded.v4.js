// A machine whose module exports no allowWrite: no version can be made of it.
import { createMachine } from "npm:xstate";

export const allowRead = () => true;

export default createMachine({
  id: "unguarded",
  predictableActionArguments: true,
  initial: "idle",
  states: { idle: {} },
});
