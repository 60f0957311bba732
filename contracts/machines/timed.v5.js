// A thing that waits: for delayed transitions and for events that it sends itself later, some of which it cancels, sets again, or can't handle yet.
import { assign, cancel, createMachine, sendTo } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = () => true;

const later = (id, delay) =>
  sendTo(
    ({ self }) => self,
    ({ event }) => ({ type: "HEARD", what: event.what ?? id }),
    { id, delay },
  );

export default createMachine({
  id: "timed",
  initial: "idle",
  context: { public: { heard: [] }, brokenUntil: 0 },
  on: {
    HEARD: {
      actions: assign({ public: ({ context, event }) => ({ heard: [...context.public.heard, event.what] }) }),
    },
  },
  states: {
    idle: {
      on: {
        QUEUE: { actions: [later("b", 800), later("a", 400), later("c", 1500)] },
        SET: { actions: later("s", 1000) },
        CANCEL: { actions: cancel("s") },
        WAIT: "waiting",
        SLEEP: "asleep",
        HIBERNATE: "hibernating",
        BREAK: { target: "broken", actions: assign({ brokenUntil: ({ event }) => Date.now() + event.ms }) },
      },
    },
    waiting: { after: { 1000: "over" }, on: { STOP: "idle" } },
    asleep: { after: { 3600000: "over" } },
    hibernating: { after: { 2592000000: "over" } }, // 30 days: more than a timer of 31 bits holds
    broken: {
      after: {
        20: {
          target: "over",
          guard: ({ context }) => {
            if (Date.now() < context.brokenUntil) throw new Error("as intended");
            return true;
          },
        },
      },
    },
    over: {},
  },
});
