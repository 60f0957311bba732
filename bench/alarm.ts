// The machine of the timers' part: one delayed transition, after as long as its context says.

import { setup } from "xstate";

interface Context {
  delayMs: number;
}

export const allowRead = () => true;
export const allowWrite = () => true;

// biome-ignore lint/style/noDefaultExport: a machine is its module's default export
export default setup({
  types: { context: {} as Context },
  delays: { wait: ({ context }) => context.delayMs },
}).createMachine({
  id: "alarm",
  context: { delayMs: 0 },
  initial: "waiting",
  states: { waiting: { after: { wait: "rung" } }, rung: {} },
});
