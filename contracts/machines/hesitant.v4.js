// A counter whose authorizers take `delayMs` to allow a write (an event may name its own `waitMs`), and `readDelayMs` to allow a read.
import { assign, createMachine } from "npm:xstate";

const yesAfter = (delayMs) => new Promise((resolve) => setTimeout(resolve, delayMs, true));

export const allowRead = ({ context }) => (context.readDelayMs > 0 ? yesAfter(context.readDelayMs) : true);
export const allowWrite = ({ context, event }) => yesAfter(event?.waitMs ?? context.delayMs);

export default createMachine({
  id: "hesitant",
  predictableActionArguments: true,
  context: { public: { count: 0 }, delayMs: 0 },
  on: { ADD: { actions: assign({ public: (context) => ({ count: context.public.count + 1 }) }) } },
  initial: "counting",
  states: { counting: {} },
});
