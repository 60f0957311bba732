// A printer: every part of it says what it does, on one of the two streams.
import { createMachine } from "npm:xstate";

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
    predictableActionArguments: true,
    initial: "idle",
    context: {},
    states: {
      idle: { on: { PRINT: { cond: "hasPaper", actions: "print" }, COPY: "copying" } },
      copying: { invoke: { src: "copy", onDone: "idle" } },
    },
  },
  {
    guards: {
      hasPaper: (_, event) => {
        console.log(`paper checked for ${event.text}`);
        return true;
      },
    },
    actions: {
      print: (_, event) => {
        for (let line = 0; line < event.lines; line++) console.log(`${event.text} line ${line}.`);
      },
    },
    services: { copy: async () => console.error("copied") },
  },
);
