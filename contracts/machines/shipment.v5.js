// A parcel, second version: every state has another name, packing lies deeper, and a stranger may send nothing, and STAMP is new.
import { assign, createMachine } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = ({ authContext }) => authContext.sub !== "stranger";

export default createMachine(
  {
    id: "shipment",
    initial: "preparing",
    context: { public: { load: { grams: 0 } }, note: "" },
    states: {
      preparing: {
        tags: ["second"],
        initial: "open",
        states: {
          open: {
            on: {
              PUT: { actions: "put" },
              BREAK: { actions: "fail" },
              SEND: "#shipment.transit",
              STAMP: "#shipment.transit",
            },
          },
        },
      },
      transit: {
        tags: ["second"],
        type: "parallel",
        on: { HOLD: "stopped" },
        states: {
          last: { type: "history", history: "deep" },
          place: { initial: "warehouse", states: { warehouse: { on: { LOAD: "truck" } }, truck: {} } },
          border: { initial: "queued", states: { queued: { on: { CLEAR: "passed" } }, passed: {} } },
        },
      },
      stopped: { tags: ["second"], on: { RESUME: "#shipment.transit.last", RESTART: "transit" } },
    },
  },
  {
    actions: {
      put: assign({
        public: ({ context, event }) => ({
          ...context.public,
          load: { grams: context.public.load.grams + event.grams },
        }),
      }),
      fail: assign(() => {
        throw new Error("the tape is gone");
      }),
    },
  },
);
