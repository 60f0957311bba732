// A printer: every part of it says what it does, on one of the two streams.
import { createMachine, fromPromise } from "npm:xstate@5";

export const allowRead = () => {
  console.log("read asked");
  return true;
};
export const allowWrite = ({ type, event }) => {
  console.error(`write asked: ${event?.type ?? type} ${event?.text ?? ""}`);
  return true;
};

export default createMachine(
  {
    id: "printer",
    initial: "idle",
    context: {},
    states: {
      idle: { on: { PRINT: { guard: "hasPaper", actions: "print" }, COPY: "copying" } },
      copying: { invoke: { src: "copy", onDone: "idle" } },
    },
  },
  {
    guards: {
      hasPaper: ({ event }) => {
        console.log(`paper checked for ${event.text}`);
        return true;
      },
    },
    actions: {
      print: ({ event }) => {
        for (let line = 0; line < event.lines; line++) console.log(`${event.text} line ${line}.`);
      },
    },
    actors: { copy: fromPromise(async () => console.error("copied")) },
  },
);
