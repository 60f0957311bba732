// A machine of XState 5 that is heard at each of its transitions: it works, calls a child that is an instance, and rests after a while.

import { assign, createMachine, fromPromise, sendTo } from "npm:xstate@5";
import { spawnPersistentInstance } from "@statebacked/machine";
import { hear } from "./shared/hear.js";

export const allowRead = () => true;
export const allowWrite = () => true;

const heard = (what) => (args) => void hear(args.context, what);

export default createMachine({
  initial: "idle",
  context: { notes: 0 },
  entry: heard("born"),
  states: {
    idle: { on: { WORK: "working" } },
    working: {
      entry: heard("working"),
      invoke: {
        id: "job",
        src: fromPromise(({ input }) => hear(input, "job")),
        input: ({ context }) => context,
        onDone: { target: "ready", actions: heard("worked") },
        onError: { target: "ready", actions: heard("lost") },
      },
    },
    ready: { on: { NOTE: { actions: assign({ notes: ({ context }) => context.notes + 1 }) }, CALL: "calling" } },
    calling: {
      entry: [
        assign({
          kid: ({ context: { url, name } }) =>
            spawnPersistentInstance(
              { machineName: "kid5", machineInstanceName: `${name}-kid` },
              { name: "kid", context: { url } },
            ),
        }),
        heard("calling"),
      ],
      on: {
        UP: { actions: [sendTo(({ context }) => context.kid, { type: "END" }), heard("up")] },
        "xstate.done.actor.kid": { target: "answered", actions: heard("answered") },
      },
    },
    answered: { after: { 20: { target: "rested", actions: heard("rested") } } },
    rested: {},
  },
});
