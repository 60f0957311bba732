// A locker: guards that look at a code nobody sees and at tries that run out, things put in one by one, and four kinds of people.
import { assign, createMachine } from "npm:xstate";

const may =
  (...subjects) =>
  (request) =>
    subjects.includes(request.authContext.sub);

export const allowRead = may("oracle", "reader");
export const allowWrite = may("oracle", "writer");

export default createMachine(
  {
    id: "locker",
    predictableActionArguments: true,
    initial: "shut",
    context: { public: { things: [], room: 3 }, code: "0000", tries: 0 },
    states: {
      shut: {
        tags: ["safe"],
        on: {
          OPEN: [
            { cond: "codeFits", target: "open", actions: "forgive" },
            { cond: "isLastTry", target: "blocked" },
            { actions: "remember" },
          ],
        },
      },
      open: {
        tags: ["within reach", "lit"],
        on: {
          PUT: { cond: "hasRoom", actions: "put" },
          TAKE: { cond: "hasThings", actions: "take" },
          SHUT: "shut",
          SCRAP: "scrapped",
        },
      },
      blocked: { on: { RELEASE: { cond: "codeFits", target: "shut", actions: "forgive" } } },
      scrapped: { type: "final" },
    },
  },
  {
    guards: {
      codeFits: (context, event) => event.code === context.code,
      isLastTry: (context) => context.tries >= 2,
      hasRoom: (context) => context.public.things.length < context.public.room,
      hasThings: (context) => context.public.things.length > 0,
    },
    actions: {
      forgive: assign({ tries: 0 }),
      remember: assign({ tries: (context) => context.tries + 1 }),
      put: assign({
        public: (context, event) => ({ ...context.public, things: [...context.public.things, event.thing] }),
      }),
      take: assign({ public: (context) => ({ ...context.public, things: context.public.things.slice(1) }) }),
    },
  },
);
