// Does a little of everything that costs a server memory: counts, prints, waits, reminds itself, and keeps its context small.
import { assign, fromPromise, raise, setup } from "npm:xstate@5";

export const allowRead = ({ authContext }) => authContext.sub !== "stranger";
export const allowWrite = ({ authContext }) => authContext.sub !== "stranger";

const count = assign({ public: ({ context }) => ({ ...context.public, n: context.public.n + 1 }) });

export default setup({
  actors: { wait: fromPromise(({ input }) => new Promise((done) => setTimeout(done, input))) },
  actions: {
    count,
    print: ({ event }) => {
      for (let n = 0; n < event.lines; n++) console.log(`line ${n} of ${event.lines}: ${"x".repeat(80)}`);
    },
  },
}).createMachine({
  initial: "calm",
  states: {
    calm: {
      on: {
        COUNT: { actions: "count" },
        PAINT: { actions: assign({ color: ({ event }) => event.color }) },
        PRINT: { actions: "print" },
        LATER: { actions: raise({ type: "COUNT" }, { id: "reminder", delay: ({ event }) => event.delayMs }) },
        WAIT: "waiting",
        BREAK: {
          guard: () => {
            throw new Error("as it was told to");
          },
          target: "waiting",
        },
      },
    },
    waiting: {
      on: { COUNT: { actions: "count" } },
      invoke: { src: "wait", input: 5, onDone: { target: "calm", actions: "count" } },
    },
  },
});
