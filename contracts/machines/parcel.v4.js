// A parcel, first version: packing, scales that take their time, and a route of two regions whose progress is remembered.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = () => true;

export default createMachine(
  {
    id: "parcel",
    predictableActionArguments: true,
    initial: "packing",
    context: { public: { grams: 0 }, note: "fragile", delayMs: 50 },
    states: {
      packing: { on: { PUT: { actions: "put" }, WEIGH: "weighing", SEND: "route" } },
      weighing: {
        on: { PUT: { actions: "put" } },
        invoke: { id: "scales", src: "weigh", onDone: "packing", onError: "packing" },
      },
      route: {
        type: "parallel",
        on: { HOLD: "held" },
        states: {
          past: { type: "history", history: "deep" },
          where: { initial: "depot", states: { depot: { on: { LOAD: "van" } }, van: {} } },
          customs: { initial: "waiting", states: { waiting: { on: { CLEAR: "cleared" } }, cleared: {} } },
        },
      },
      held: { on: { RESUME: "#parcel.route.past", RESTART: "route" } },
    },
  },
  {
    services: { weigh: ({ delayMs }) => new Promise((resolve) => setTimeout(resolve, delayMs)) },
    actions: {
      put: assign({ public: (context, event) => ({ grams: context.public.grams + event.grams }) }),
    },
  },
);
