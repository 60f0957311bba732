// A child that is an instance: it adds up what it is told, tells its parent, and believes only events that come from where they say.
import { assign, createMachine, sendParent } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = ({ event, authContext }) => {
  if (event?.type === "FORBIDDEN") return false;
  if (event?.type !== "SIGNED") return true;
  const sender = authContext.stateBackedSender;
  return sender?.machineName === event.machine && sender.machineInstanceName === event.instance;
};

const told = (context, event) => ({ told: [...context.public.told, event.n] });

export default createMachine({
  id: "kid",
  predictableActionArguments: true,
  initial: "there",
  context: { public: { told: [] }, nickname: null },
  states: {
    there: {
      on: {
        ADD: { actions: [assign({ public: told }), sendParent((_, event) => ({ type: "HEARD", n: event.n }))] },
        SIGNED: { actions: assign({ public: told }) },
        END: "over",
      },
    },
    over: { type: "final", data: { last: (context) => context.public.told.at(-1) } },
  },
});
