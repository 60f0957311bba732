// The same machine for XState 4.

import { assign, createMachine } from "npm:xstate";
import { sendTo, spawnPersistentInstance } from "@statebacked/machine";
import { hear } from "./shared/hear.js";

export const allowRead = () => true;
export const allowWrite = () => true;

const heard = (what) => (context) => void hear(context, what);

export default createMachine({
  predictableActionArguments: true,
  initial: "idle",
  context: { notes: 0 },
  entry: heard("born"),
  states: {
    idle: { on: { WORK: "working" } },
    working: {
      entry: heard("working"),
      invoke: {
        id: "job",
        src: (context) => hear(context, "job"),
        onDone: { target: "ready", actions: heard("worked") },
        onError: { target: "ready", actions: heard("lost") },
      },
    },
    ready: { on: { NOTE: { actions: assign({ notes: ({ notes }) => notes + 1 }) }, CALL: "calling" } },
    calling: {
      entry: [
        assign({
          kid: ({ url, name }) =>
            spawnPersistentInstance(
              { machineName: "kid4", machineInstanceName: `${name}-kid` },
              { name: "kid", context: { url } },
            ),
        }),
        heard("calling"),
      ],
      on: {
        UP: { actions: [sendTo(({ kid }) => kid, { type: "END" }), heard("up")] },
        "done.invoke.kid": { target: "answered", actions: heard("answered") },
      },
    },
    answered: { after: { 20: { target: "rested", actions: heard("rested") } } },
    rested: {},
  },
});
