// A diary: only its owner reads and writes it, and what the authorizers are given shows in what they let through.
import { assign, createMachine } from "npm:xstate";

const isOwner = ({ context, authContext }) => context.public?.owner === authContext.sub;

export const allowRead = (request) =>
  isOwner(request) && request.machineInstanceName.length > 0 && request.state !== "burnt";

export const allowWrite = (request) => {
  if (request.authContext.sub === "thrower") throw new Error("no opinion");
  if (request.type === "initialization") return request.state === undefined && isOwner(request);
  if (request.event.type === "TEAR") return undefined;
  return request.type === "event" && request.state !== undefined && isOwner(request);
};

export default createMachine({
  id: "guarded",
  predictableActionArguments: true,
  initial: "open",
  context: { public: { pages: 0 } },
  states: {
    open: {
      on: {
        WRITE: {
          actions: assign({ public: (context) => ({ ...context.public, pages: (context.public.pages ?? 0) + 1 }) }),
        },
        TEAR: "torn",
        BURN: "burnt",
      },
    },
    torn: {},
    burnt: {},
  },
});
