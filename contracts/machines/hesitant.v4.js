// A counter whose authorizer takes `delayMs` to say yes.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = ({ context }) => new Promise((resolve) => setTimeout(resolve, context.delayMs, true));

export default createMachine({
  id: "hesitant",
  predictableActionArguments: true,
  context: { public: { count: 0 }, delayMs: 0 },
  on: { ADD: { actions: assign({ public: (context) => ({ count: context.public.count + 1 }) }) } },
  initial: "counting",
  states: { counting: {} },
});
