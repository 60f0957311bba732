// Notes the id of every event it gets, later reminders of its own included, so that what was lost, doubled or moved shows.
import { assign, enqueueActions, setup } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

const note = assign({
  public: ({ context, event }) => ({ ...context.public, seen: [...context.public.seen, event.id] }),
});
// Each has an id of its own: one that is set again under the same id would replace the other.
const remind = enqueueActions(({ enqueue, event: { id, delayMs } }) =>
  enqueue.raise({ type: "RING", id: `ring of ${id}` }, { id: `reminder ${id}`, delay: delayMs }),
);

export default setup({ actions: { note, remind } }).createMachine({
  initial: "even",
  states: {
    even: {
      on: {
        ADD: { target: "odd", actions: "note" },
        RING: { target: "odd", actions: "note" },
        LATER: { target: "odd", actions: ["note", "remind"] },
      },
    },
    odd: {
      on: {
        ADD: { target: "even", actions: "note" },
        RING: { target: "even", actions: "note" },
        LATER: { target: "even", actions: ["note", "remind"] },
      },
    },
  },
});
