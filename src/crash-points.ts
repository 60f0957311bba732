// Where a test may let a server die: around each of its commits, before each response, and while it compacts, however soon it is to do that.
//
// Whoever starts a server of the package, or talks to one, has no way here: the package doesn't export this file, and what it adds to the
// options has a name that only this file knows.

import type { App } from "./http/app.ts";
import type { Store } from "./store/port.ts";

/** `after-commit`: it is durable, and nobody has been told so yet. */
export type CrashPoint = "before-commit" | "after-commit" | "before-response";

/** Called at each passing; who passes waits for it. */
export type OnPassing = (point: CrashPoint) => Promise<void>;

const key = Symbol("crash points");
const compaction = Symbol("compaction");

/** The same options for a server that tells when it passes one of its crash points. */
export function withCrashPoints<T extends object>(options: T, onPassing: OnPassing): T {
  return { ...options, [key]: onPassing };
}

interface Compaction {
  compactAtBytes: number;
}

/** The same options for a server that compacts its store as soon as the journal is so large. */
export function withCompactionAt<T extends object>(options: T, compactAtBytes: number): T {
  return { ...options, [compaction]: { compactAtBytes } };
}

/** What the options ask of the store; nothing unless a test made them. */
export function compactionOf(options: object & { [compaction]?: Compaction }): Partial<Compaction> {
  return options[compaction] ?? {};
}

/** The same store; its commits are told of if the options ask for it. */
export function tellingOfCommits(options: object, store: Store): Store {
  const onPassing = onPassingOf(options);
  if (!onPassing) return store;
  const commit = store.commit.bind(store);
  store.commit = async (changes) => {
    await onPassing("before-commit");
    const revs = await commit(changes);
    await onPassing("after-commit");
    return revs;
  };
  return store;
}

/** The same server, which does not listen yet; its responses are told of if the options ask for it. */
export function tellingOfResponses(options: object, app: App): App {
  const onPassing = onPassingOf(options);
  if (onPassing) app.addHook("onSend", () => onPassing("before-response"));
  return app;
}

function onPassingOf(options: { [key]?: OnPassing }): OnPassing | undefined {
  return options[key];
}
