// An initial context that is computed from the given one.
import { createMachine } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

export default createMachine({
  id: "defaults",
  initial: "idle",
  context: ({ input }) => ({ public: { greeting: `hello ${input?.name ?? "nobody"}` }, colour: "blue" }),
  states: { idle: {} },
});
