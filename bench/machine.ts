// The machine of the benchmark: authorizers that look at the caller and the context, one guard, one assign, a context of about 1 kB.

import { assign, setup } from "xstate";

interface Context {
  owner: string;
  notes: string;
  public: { count: number };
}
interface Asked {
  authContext: { sub?: string };
  context: Partial<Context>;
}

export const allowRead = ({ authContext, context }: Asked) => authContext.sub === context.owner;
export const allowWrite = ({ authContext, context }: Asked) => authContext.sub === context.owner;

// biome-ignore lint/style/noDefaultExport: a machine is its module's default export
export default setup({
  types: { context: {} as Context, events: {} as { type: "add"; by: number } },
  guards: { isPositive: ({ event }) => event.by > 0 },
  actions: {
    add: assign({ public: ({ context, event }) => ({ count: context.public.count + event.by }) }),
  },
}).createMachine({
  id: "bench",
  context: { owner: "", notes: "", public: { count: 0 } },
  initial: "open",
  states: { open: { tags: ["open"], on: { add: { guard: "isPositive", actions: "add" } } } },
});
