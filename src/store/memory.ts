// The store that forgets: everything in memory, for tests and throw-away servers.

import type { Blobs } from "./core/blobs.ts";
import { Commits, type Sink } from "./core/commits.ts";
import { Contents } from "./core/contents.ts";
import { Holds } from "./core/holds.ts";
import { Latch } from "./core/latch.ts";
import { CoreStore } from "./core/store.ts";
import type { Store } from "./port.ts";

/** A new, empty store that lives as long as the process. */
export function createMemoryStore(): Store {
  const contents = new Contents();
  const latch = new Latch();
  const holds = new Holds();
  const blobs = memoryBlobs();
  const commits = new Commits(
    contents,
    nowhere(() => {
      const named = contents.codes();
      blobs.retain((sha256) => named.has(sha256) || holds.isHeld(sha256));
    }),
    latch,
  );
  return new CoreStore({
    location: "memory:",
    contents,
    commits,
    blobs,
    holds,
    latch,
    release: async () => {},
  });
}

/** Memory is as durable as this store promises to be: every write is done at once. */
const nowhere = (replaced: () => void): Sink<null> => ({
  encode: () => null,
  write: async () => {},
  undisturbed: (fn) => fn(),
  replace: async (_contents, _next, exchange) => {
    exchange();
    replaced();
  },
});

function memoryBlobs(): Blobs & { retain(isNeeded: (sha256: string) => boolean): void } {
  const kept = new Map<string, Uint8Array>();
  return {
    put: async (sha256, bytes) => {
      if (!kept.has(sha256)) kept.set(sha256, bytes.slice());
    },
    get: async (sha256) => kept.get(sha256) ?? null,
    retain: (isNeeded) => {
      for (const sha256 of kept.keys()) if (!isNeeded(sha256)) kept.delete(sha256);
    },
  };
}
