// A mailbox that strangers reach over HTTP: its mapper lets in whoever says please, and tells them what became of it.
import { assign, createMachine } from "npm:xstate@5";

export const allowRead = () => true;
export const allowWrite = ({ authContext }) => authContext.sub === "postman";

const arriving = ({ body: { box, word, from } }) => {
  if (word !== "please") throw new Error("say please");
  return { machineInstanceName: box, event: { type: "LETTER" }, authContext: { sub: from } };
};
const atNew = (request) => ({ ...arriving(request), initialContext: { key: "under the mat" } });

export const httpApiMapper = {
  letter: {
    handler: async (request) => atNew(request),
    responseMapper: async ({ state, context, result }) => ({
      statusCode: 202,
      headers: { "x-letters": String(context.public.letters) },
      body: { state, key: context.key, result },
    }),
  },
  closing: {
    handler: (request) => ({ ...arriving(request), event: "CLOSE" }),
    responseMapper: ({ state, result }) => ({ statusCode: 200, headers: {}, body: { state, result } }),
  },
  echo: {
    handler: (request) => ({
      machineInstanceName: "echo",
      event: { type: "HEARD", request },
      authContext: { sub: "postman" },
      initialContext: {},
    }),
    responseMapper: ({ context: { heard } }) => ({ statusCode: 200, headers: {}, body: heard }),
  },
  list: {
    handler: atNew,
    responseMapper: () => ({ statusCode: 200, headers: { "content-type": "text/csv" }, body: "letter,1" }),
  },
  quiet: { handler: atNew },
  failing: {
    handler: atNew,
    responseMapper: () => {
      throw new Error("as intended");
    },
  },
  garbled: { handler: atNew, responseMapper: () => ({ statusCode: "fine", headers: {}, body: "" }) },
};

export default createMachine({
  id: "mapped",
  initial: "open",
  context: { public: { letters: 0 } },
  states: {
    open: {
      on: {
        LETTER: { actions: assign({ public: ({ context }) => ({ letters: context.public.letters + 1 }) }) },
        HEARD: { actions: assign({ heard: ({ event }) => event.request }) },
        CLOSE: "closed",
      },
    },
    closed: { type: "final" },
  },
  output: ({ context }) => ({ letters: context.public.letters }),
});
