// The store that forgets: everything in memory, for tests and throw-away servers.

import { type Blobs, sha256Of } from "./core/blobs.ts";
import { Commits, type Sink } from "./core/commits.ts";
import { Contents } from "./core/contents.ts";
import { Latch } from "./core/latch.ts";
import { CoreStore } from "./core/store.ts";
import type { Store } from "./port.ts";

/** A new, empty store that lives as long as the process. */
export function createMemoryStore(): Store {
  const contents = new Contents();
  const latch = new Latch();
  const commits = new Commits(contents, nowhere, latch);
  return new CoreStore({
    location: "memory:",
    contents,
    commits,
    blobs: memoryBlobs(),
    latch,
    release: async () => {},
  });
}

/** Memory is as durable as this store promises to be: every write is done at once. */
const nowhere: Sink<null> = {
  encode: () => null,
  write: async () => {},
  undisturbed: (fn) => fn(),
  replace: async (_contents, _next, exchange) => exchange(),
};

function memoryBlobs(): Blobs {
  const kept = new Map<string, Uint8Array>();
  return {
    put: async (bytes) => {
      const sha256 = sha256Of(bytes);
      if (!kept.has(sha256)) kept.set(sha256, bytes.slice());
      return sha256;
    },
    get: async (sha256) => kept.get(sha256) ?? null,
  };
}
