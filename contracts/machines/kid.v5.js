// A child that is an instance: it adds up what it is told, tells its parent, and believes only events that come from where they say.
import { assign, createMachine, sendParent } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = ({ event, authContext }) => {
  if (event?.type === "FORBIDDEN") return false;
  if (event?.type !== "SIGNED") return true;
  const sender = authContext.stateBackedSender;
  return sender?.machineName === event.machine && sender.machineInstanceName === event.instance;
};

const told = ({ context, event }) => ({ told: [...context.public.told, event.n] });

export default createMachine({
  id: "kid",
  initial: "there",
  context: { public: { told: [] }, nickname: null },
  output: ({ context }) => ({ last: context.public.told.at(-1) }),
  states: {
    there: {
      on: {
        ADD: { actions: [assign({ public: told }), sendParent(({ event }) => ({ type: "HEARD", n: event.n }))] },
        SIGNED: { actions: assign({ public: told }) },
        END: "over",
      },
    },
    over: { type: "final" },
  },
});
