// A parent whose children are instances: it spawns one by name, invokes another without one, sends them events, and notes what it hears.
import { assign, createMachine } from "npm:xstate";

export const allowRead = () => true;
export const allowWrite = () => true;

/** As the helper package makes them: a name is drawn when the module loads. */
const invocable = (machineName) => ({
  type: "statebacked.invoke",
  machineName,
  machineInstanceName: crypto.randomUUID(),
  machineVersionId: undefined,
});
const spawnWith = (hook) =>
  assign({
    kid: (_, event) =>
      globalThis[hook].spawn(
        { machineName: "{kid}", machineInstanceName: event.name },
        { name: "kid", context: { nickname: event.nickname } },
      ),
  });
const sendTo = (to, event, options = {}) => ({ type: "xstate.send", to, event, ...options });
const tell = (event, options) => sendTo((context) => context.kid, event, options);
const fail = () => {
  throw new Error("as intended");
};

export default createMachine({
  id: "family",
  predictableActionArguments: true,
  initial: "idle",
  context: { public: { heard: [], returned: null } },
  on: {
    HEARD: {
      actions: assign({
        public: (context, event) => ({ ...context.public, heard: [...context.public.heard, event.n] }),
      }),
    },
  },
  states: {
    idle: {
      on: {
        SPAWN: { actions: spawnWith("__statebacked_rt") },
        SPAWN_OLD: { actions: spawnWith("__statebaked_rt") },
        TELL: { actions: tell((_, event) => ({ ...event.what })) },
        TELL_FIVE: { actions: [1, 2, 3, 4, 5].map((n) => tell(() => ({ type: "ADD", n }))) },
        TELL_LATER: { actions: tell(() => ({ type: "ADD", n: 100 }), { id: "later", delay: 1000 }) },
        BREAK: { actions: [tell(() => ({ type: "ADD", n: -1 })), assign({ public: fail })] },
        WORK: "working",
        CALL: "calling",
        LOSE: "losing",
      },
    },
    working: {
      entry: tell(() => ({ type: "ADD", n: 7 })),
      invoke: { src: () => new Promise((resolve) => setTimeout(resolve, 3500)), onDone: "idle" },
    },
    calling: {
      invoke: {
        id: "worker",
        src: invocable("{kid}"),
        onDone: {
          target: "answered",
          actions: assign({ public: (context, event) => ({ ...context.public, returned: event.data.last }) }),
        },
        onError: "failed",
      },
      on: {
        ASK: { actions: sendTo("worker", (_, event) => ({ type: "ADD", n: event.n })) },
        FINISH: { actions: sendTo("worker", () => ({ type: "END" })) },
      },
    },
    losing: { invoke: { id: "lost", src: invocable("nowhere"), onError: "failed" } },
    answered: {},
    failed: {},
  },
});
