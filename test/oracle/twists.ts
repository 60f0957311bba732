// The lies that the model-based stages must see through, each with the rule that it breaks.

import { fakeCredentials } from "./fake-server.ts";
import { type Ask, type Asked, as, type Told, type Twist } from "./relay.ts";

/** What is asked of an instance, by another operation. */
function about(asked: Asked, operation: { method: string; last?: string; body?: unknown }): Promise<Asked> {
  const { method, last, body } = operation;
  const path = `/machines/${asked.machine}/i/${asked.instance}${last === undefined ? "" : `/${last}`}`;
  return as("oracle", { ...asked, method, path, body }, fakeCredentials);
}
const readNow = async (asked: Asked, ask: Ask) => ask(await about(asked, { method: "GET" }));
const sendNow = async (asked: Asked, ask: Ask, event: unknown) =>
  ask(await about(asked, { method: "POST", last: "events", body: { event } }));

/** Changes what shows a state. */
const shown =
  (change: (state: Told["json"], asked: Asked) => object): (() => Twist) =>
  () =>
  async (asked, ask) => {
    const told = await ask(asked);
    const isShown = told.status === 200 && ["create", "send", "read"].includes(asked.kind);
    return isShown ? { ...told, json: { ...told.json, ...change(told.json, asked) } } : told;
  };
/** Does something else with one kind of request, and its answer. */
const on =
  (
    kind: string,
    lie: (asked: Asked, ask: Ask, told: Told, memory: Map<string, Told>) => Promise<Told> | Told,
  ): (() => Twist) =>
  () => {
    const memory = new Map<string, Told>();
    return async (asked, ask) => {
      const told = await ask(asked);
      return asked.kind === kind ? lie(asked, ask, told, memory) : told;
    };
  };
/** Asks something else instead of one kind of request. */
const instead =
  (kind: string, change: (asked: Asked) => Promise<Asked> | Asked): (() => Twist) =>
  () =>
  async (asked, ask) =>
    ask(asked.kind === kind ? await change(asked) : asked);
const refuse = (status: number, code: string): Told => ({
  status,
  json: { error: "refused", code },
  headers: { "content-type": "application/json" },
});
const typeOf = ({ body }: Asked): string => (typeof body?.event === "string" ? body.event : String(body?.event?.type));
const entriesWithout = (
  told: Told,
  name: string,
  which: (entry: unknown, i: number, all: unknown[]) => boolean,
): Told =>
  Array.isArray(told.json?.[name])
    ? {
        ...told,
        json: {
          ...told.json,
          [name]: told.json[name].filter((...args: [unknown, number, unknown[]]) => !which(...args)),
        },
      }
    : told;

/** What a service that forgets histories, guards, contexts, tags or ends would show. */
const falling = {
  DEAF: on("send", (asked, _ask, told) => (["TAKE", "FLIP"].includes(typeOf(asked)) ? refuse(404, "not-found") : told)),
  STATE: shown(({ state }) => (state === "blocked" ? { state: "shut" } : {})),
  CONTEXT: shown(({ publicContext }) =>
    publicContext?.things?.length > 0 ? { publicContext: { ...publicContext, things: [] } } : {},
  ),
  TAGS: shown(({ tags }) => ({ tags: tags.slice(0, 1) })),
  DONE: shown(() => ({ done: false })),
  KEPT: () => {
    const last = new Map<string, string>();
    return async (asked, ask) => {
      const told = await ask(asked);
      if (!["create", "send"].includes(asked.kind) || told.status !== 200) return told;
      const { state, publicContext, done } = told.json;
      const now = JSON.stringify([state, publicContext]);
      const isSame = asked.kind === "send" && last.get(asked.instance) === now && !done;
      last.set(asked.instance, now);
      // A try at the lock is a transition although it shows nothing.
      return isSame && typeOf(asked) !== "OPEN" ? refuse(400, "invalid-parameter") : told;
    };
  },
  THREW: on("send", (asked, ask, told) => (told.status === 400 ? readNow(asked, ask) : told)),
  STALE: () => {
    const shownBefore = new Map<string, Told>();
    return async (asked, ask) => {
      const told = await ask(asked);
      const before = shownBefore.get(asked.instance);
      if (told.status === 200 && ["create", "send"].includes(asked.kind)) {
        if (!shownBefore.has(asked.instance) || asked.kind === "create") shownBefore.set(asked.instance, told);
      }
      return asked.kind === "read" && told.status === 200 ? (before ?? told) : told;
    };
  },
  FORGETFUL: on("transitions", (_asked, _ask, told) => entriesWithout(told, "transitions", (_, i) => i === 0)),
} satisfies { [lie: string]: () => Twist };

/** A lie that is told only while another event of the same kind of thing is under way. */
const whileBusy =
  (key: (asked: Asked) => string, lie: (asked: Asked, ask: Ask, other: Asked) => Promise<Told>): (() => Twist) =>
  () => {
    const busy = new Map<string, Asked[]>();
    return async (asked, ask) => {
      if (asked.kind !== "send") return ask(asked);
      const others = busy.get(key(asked)) ?? [];
      busy.set(key(asked), [...others, asked]);
      try {
        const [other] = others;
        return other === undefined ? await ask(asked) : await lie(asked, ask, other);
      } finally {
        busy.set(
          key(asked),
          (busy.get(key(asked)) ?? []).filter((one) => one !== asked),
        );
      }
    };
  };

export const pathTwists: [string, () => Twist][] = [
  ["SB-PATH-EVENT-200", falling.DEAF],
  ["SB-PATH-STATE-FOLLOWS", falling.STATE],
  ["SB-PATH-CONTEXT-FOLLOWS", falling.CONTEXT],
  ["SB-PATH-TAGS-FOLLOW", falling.TAGS],
  ["SB-PATH-DONE-FOLLOWS", falling.DONE],
  ["SB-PATH-UNHANDLED-KEPT", falling.KEPT],
  ["SB-PATH-THROW-400", falling.THREW],
  ["SB-PATH-READ-LAST", falling.STALE],
  ["SB-PATH-HISTORY-COMPLETE", falling.FORGETFUL],
];

export const commandTwists: [string, () => Twist][] = [
  ["SB-MODEL-EVENT-200", falling.DEAF],
  ["SB-MODEL-STATE-FOLLOWS", falling.STATE],
  ["SB-MODEL-CONTEXT-FOLLOWS", falling.CONTEXT],
  ["SB-MODEL-TAGS-FOLLOW", falling.TAGS],
  ["SB-MODEL-DONE-FOLLOWS", falling.DONE],
  ["SB-MODEL-UNHANDLED-KEPT", falling.KEPT],
  ["SB-MODEL-THROW-400", falling.THREW],
  ["SB-MODEL-READ-LAST", falling.STALE],
  ["SB-MODEL-HISTORY-COMPLETE", falling.FORGETFUL],
  ["SB-MODEL-CREATE-STATE", instead("create", (asked) => ({ ...asked, body: { slug: asked.body.slug } }))],
  [
    "SB-MODEL-CREATE-200",
    on("create", (asked, _, told) => (asked.body.context?.public ? refuse(400, "invalid-parameter") : told)),
  ],
  ["SB-MODEL-CREATE-409-TAKEN", on("create", (asked, ask, told) => (told.status === 409 ? readNow(asked, ask) : told))],
  [
    "SB-MODEL-CREATE-FAILED-ABSENT",
    on("create", async (asked, ask, told) => {
      if (told.status === 403) await ask(await as("oracle", asked, fakeCredentials));
      return told;
    }),
  ],
  ["SB-MODEL-WRITE-403", instead("send", (asked) => as("oracle", asked, fakeCredentials))],
  ["SB-MODEL-READ-403", instead("read", (asked) => as("oracle", asked, fakeCredentials))],
  [
    "SB-MODEL-REFUSED-UNSTORED",
    on("send", async (asked, ask, told) => {
      if (told.status === 403) await ask(await as("oracle", asked, fakeCredentials));
      return told;
    }),
  ],
  [
    "SB-MODEL-THROW-UNSTORED",
    on("send", async (asked, ask, told) => {
      if (told.status === 400) await sendNow(asked, ask, "STEP");
      return told;
    }),
  ],
  [
    "SB-MODEL-INSTANCES-APART",
    () => {
      const latest = new Map<string, string>();
      return async (asked, ask) => {
        const other = latest.get(asked.machine);
        if (asked.kind === "create") latest.set(asked.machine, asked.instance);
        const isLeaking = asked.kind === "send" && other !== undefined && other !== asked.instance;
        if (isLeaking) await sendNow({ ...asked, instance: other }, ask, asked.body.event);
        return ask(asked);
      };
    },
  ],
  ["SB-MODEL-TS-MONOTONIC", shown(({ ts }) => ({ ts: -ts }))],
  [
    "SB-MODEL-PRIVATE-HIDDEN",
    () => {
      const given = new Map<string, unknown>();
      return async (asked, ask) => {
        if (asked.kind === "create") given.set(asked.instance, asked.body.context);
        const told = await ask(asked);
        return asked.kind === "send" && told.status === 200
          ? { ...told, json: { ...told.json, all: given.get(asked.instance) } }
          : told;
      };
    },
  ],
  [
    "SB-MODEL-LIST-AGREES",
    on("list", (_asked, _ask, told) => entriesWithout(told, "instances", (_, i, all) => i === all.length - 1)),
  ],
  [
    "SB-MODEL-HISTORY-REFUSED-ABSENT",
    () => {
      const refused = new Map<string, object[]>();
      return async (asked, ask) => {
        const told = await ask(asked);
        const known = refused.get(asked.instance) ?? [];
        if (asked.kind === "send" && told.status === 403) {
          const event = typeof asked.body.event === "string" ? { type: asked.body.event } : asked.body.event;
          refused.set(asked.instance, [...known, { createdAt: "2026-01-05T10:00:00.000Z", state: "shut", event }]);
        }
        return asked.kind === "transitions" && told.status === 200
          ? { ...told, json: { transitions: [...told.json.transitions, ...known] } }
          : told;
      };
    },
  ],
  [
    "SB-MODEL-ADMIN-CONTEXT",
    on("admin", (_asked, _ask, told) =>
      told.status === 200 ? { ...told, json: { ...told.json, context: { public: told.json.context.public } } } : told,
    ),
  ],
  [
    "SB-MODEL-ADMIN-STATUS",
    on("admin", (_asked, _ask, told) =>
      told.status === 200 ? { ...told, json: { ...told.json, status: "running" } } : told,
    ),
  ],
  ["SB-MODEL-PAUSED-409", on("send", (asked, ask, told) => (told.status === 409 ? despitePause(asked, ask) : told))],
  [
    "SB-MODEL-PAUSED-UNSTORED",
    on("send", async (asked, ask, told) => {
      if (told.status === 409) await despitePause(asked, ask);
      return told;
    }),
  ],
  [
    "SB-MODEL-RESUMED-200",
    () => {
      const paused = new Set<string>();
      return async (asked, ask) => {
        if (asked.kind === "status" && asked.body.status === "paused") paused.add(asked.instance);
        return asked.kind === "send" && paused.has(asked.instance) ? refuse(409, "invalid-state") : ask(asked);
      };
    },
  ],
  [
    "SB-MODEL-DELETED-ABSENT",
    () => {
      const cache = new Map<string, Told>();
      return async (asked, ask) => {
        const told = await ask(asked);
        if (told.status === 200 && ["create", "send"].includes(asked.kind)) cache.set(asked.instance, told);
        return asked.kind === "read" && told.status === 404 ? (cache.get(asked.instance) ?? told) : told;
      };
    },
  ],
];

/** The fake's own way to be wrong. */
export const fakeFaults = [["SB-MODEL-REMADE-AFRESH", "remade-remembers"]] as const;

async function despitePause(asked: Asked, ask: Ask): Promise<Told> {
  const setting = async (status: string) =>
    ask(await about(asked, { method: "PUT", last: "status", body: { status } }));
  await setting("running");
  const told = await ask(asked);
  await setting("paused");
  return told;
}

export const concurrentTwists: [string, () => Twist][] = [
  ["SB-LIN-EVENTS-NONE-LOST", whileBusy(({ instance }) => instance, readNow)],
  [
    "SB-LIN-EVENTS-ONCE",
    whileBusy(
      ({ instance }) => instance,
      async (asked, ask) => {
        await ask(asked);
        return ask(asked);
      },
    ),
  ],
  [
    "SB-LIN-EVENTS-ACCEPTED",
    whileBusy(
      ({ instance }) => instance,
      async () => refuse(409, "invalid-state"),
    ),
  ],
  [
    "SB-LIN-INSTANCES-APART",
    whileBusy(
      ({ machine }) => machine,
      async (asked, ask, other) => {
        if (other.instance !== asked.instance)
          await sendNow({ ...asked, instance: other.instance }, ask, asked.body.event);
        return ask(asked);
      },
    ),
  ],
  ["SB-LIN-READ-OWN-WRITES", falling.STALE],
  [
    "SB-LIN-READ-FORWARD",
    () => {
      const first = new Map<string, Told>();
      let reads = 0;
      return async (asked, ask) => {
        const told = await ask(asked);
        if (asked.kind !== "read" || told.status !== 200) return told;
        if (!first.has(asked.instance)) first.set(asked.instance, told);
        return ++reads % 2 === 0 ? (first.get(asked.instance) ?? told) : told;
      };
    },
  ],
  [
    "SB-LIN-READ-CONSISTENT",
    shown(({ state }, { kind }) => (kind === "read" && state === "on" ? { state: "off", tags: ["dark"] } : {})),
  ],
  ["SB-LIN-TS-MONOTONIC", shown(({ ts }) => ({ ts: -ts }))],
  ["SB-LIN-HISTORY-COMPLETE", falling.FORGETFUL],
  [
    "SB-LIN-HISTORY-ORDER",
    on("transitions", (_asked, _ask, told) => {
      const all = told.json.transitions;
      if (!(all?.length > 6) || all[0].state !== "on") return told;
      const events = all.map(({ event }: { event: unknown }) => event);
      const turned = [events.at(-1), ...events.slice(1, -1), events[0]];
      return {
        ...told,
        json: { ...told.json, transitions: all.map((entry: object, i: number) => ({ ...entry, event: turned[i] })) },
      };
    }),
  ],
  ["SB-LIN-CREATE-ONCE", on("create", (asked, ask, told) => (told.status === 409 ? readNow(asked, ask) : told))],
  [
    "SB-LIN-DELETE-FINAL",
    () => {
      const cache = new Map<string, Told>();
      return async (asked, ask) => {
        const told = await ask(asked);
        if (told.status === 200 && ["create", "send"].includes(asked.kind)) cache.set(asked.instance, told);
        return asked.kind === "read" && told.status === 404 ? (cache.get(asked.instance) ?? told) : told;
      };
    },
  ],
  [
    "SB-LIN-HISTORY-LINEARIZABLE",
    () => {
      const before = new Map<string, Told>();
      return async (asked, ask) => {
        const told = await ask(asked);
        const last = before.get(asked.instance);
        if (asked.kind === "send" && told.status === 200) before.set(asked.instance, told);
        return asked.kind === "send" && typeOf(asked) === "PUT" && last?.json.publicContext.things?.length > 0
          ? (last ?? told)
          : told;
      };
    },
  ],
  [
    "SB-LIN-ANSWER-OWN",
    on("send", async (asked, ask, told) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      return told.status === 200 ? readNow(asked, ask) : told;
    }),
  ],
];
