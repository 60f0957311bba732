// The benchmark's machine once more, for XState 4.

import { assign, createMachine } from "xstate4";

interface Context {
  owner: string;
  notes: string;
  public: { count: number };
}
type Event = { type: "add"; by: number };

// biome-ignore lint/style/noDefaultExport: a machine is its module's default export
export default createMachine<Context, Event>(
  {
    id: "bench",
    predictableActionArguments: true,
    context: { owner: "", notes: "", public: { count: 0 } },
    initial: "open",
    states: { open: { tags: ["open"], on: { add: { cond: "isPositive", actions: "add" } } } },
  },
  {
    guards: { isPositive: (_context, event) => event.by > 0 },
    actions: { add: assign({ public: (context, event) => ({ count: context.public.count + event.by }) }) },
  },
);
