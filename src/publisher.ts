// Publishes the machines of `--machines` at the start and, when asked to, again whenever one of their files changes.

import { dirname, join } from "node:path";
import { messageOf } from "./domain/message-of.ts";
import { Problem } from "./domain/problem.ts";
import type { ServerLog } from "./http/errors.ts";
import { assertPublishable, publishMachine } from "./operations/publish.ts";
import type { Services } from "./operations/services.ts";
import { type Bundle, stopBundler } from "./sources/bundle.ts";
import type { BundleCache } from "./sources/bundle-cache.ts";
import { bundleThrough, createBundleCache } from "./sources/bundle-cache.ts";
import type { MachineSource } from "./sources/find.ts";
import { findMachineSources } from "./sources/find.ts";

export interface PublisherOptions {
  services: Services;
  orgId: string;
  /** Absolute paths of files and folders. */
  paths: string[];
  /** Where bundles are kept between starts; absent for a store in memory. */
  cacheFolder: string | undefined;
  /** One after the other, in the order of their names, so that a run can be repeated; else all at once. */
  inOrder: boolean;
  log: ServerLog;
}

export interface Published {
  /** The machines there are, sorted. */
  names: string[];
  /**
   * Empties the store and publishes them once more. Nothing is emptied unless all of them can be published.
   * @param empty calls its argument when it is done
   * @throws Problem
   */
  anew(empty: (publish: () => Promise<void>) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** @throws SourceError or Problem when a source can't be published: a start must not pretend */
export async function publishSources(options: PublisherOptions): Promise<Published> {
  const { names } = await publishAll(options);
  return { names, anew: async (empty) => void (await publishAnew(options, empty)), close: async () => {} };
}

/**
 * A file is emptied before it is written. Read in between it is wrong, and the second of two changes within 5 ms is not told: so each change is
 * told once the size has stayed the same for a while.
 */
const awaitWriteFinish = { stabilityThreshold: 40, pollInterval: 10 };

/** The same, and again at every change; a source that is broken while it is being written is logged, and its last good version stays. */
export async function watchSources(options: PublisherOptions): Promise<Published> {
  const { names, files } = await publishAll(options);
  const { watch } = await import("chokidar");
  const watcher = watch([...options.paths, ...files], {
    ignoreInitial: true,
    ignored: /node_modules/,
    awaitWriteFinish,
  });
  const isWatching = new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
  // One round at a time; changes that come during a round make for one more.
  let rounds = Promise.resolve();
  let isPending = false;
  const publish = async () => void watcher.add((await publishAll(options)).files);
  const round = async () => {
    isPending = false;
    try {
      await publish();
    } catch (error) {
      options.log({ level: "error", message: messageOf(error) });
    }
  };
  watcher.on("all", () => {
    if (isPending) return;
    isPending = true;
    rounds = rounds.then(round);
  });
  await isWatching;
  return {
    names,
    anew(empty) {
      const done = rounds.then(async () => void watcher.add(await publishAnew(options, empty)));
      rounds = done.catch(() => {});
      return done;
    },
    close: async () => {
      await watcher.close();
      await rounds;
    },
  };
}

async function publishAll(options: PublisherOptions): Promise<{ names: string[]; files: string[] }> {
  let turn: Promise<unknown> = Promise.resolve();
  const files = await eachSource(options, (source, bundled) => {
    const before = turn;
    const published = bundled.then(async ({ code, watchFiles }) => {
      await before;
      await publish(options, source, code);
      return watchFiles;
    });
    if (options.inOrder) turn = published.catch(() => {});
    return published;
  });
  return { names: files.map(([{ name }]) => name), files: files.flatMap(([, watchFiles]) => watchFiles) };
}

/** @returns the files to watch */
async function publishAnew(
  options: PublisherOptions,
  empty: (publish: () => Promise<void>) => Promise<void>,
): Promise<string[]> {
  const sources = await tellingOf("Nothing was changed, since the machines can't be published again", () =>
    eachSource(options, async ({ name }, bundled) => {
      const bundle = await bundled;
      await assertPublishable(options.services, name, bundle.code);
      return bundle;
    }),
  );
  await empty(() =>
    tellingOf("Everything was emptied, and the machines can't be published again", async () => {
      let turn: Promise<unknown> = Promise.resolve();
      const publishing = sources.map(([source, { code }]) => {
        const published = turn.then(() => publish(options, source, code));
        if (options.inOrder) turn = published.catch(() => {});
        return published;
      });
      await Promise.all(publishing);
    }),
  );
  return sources.flatMap(([, { watchFiles }]) => watchFiles);
}

async function tellingOf<T>(what: string, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (cause) {
    const detail = messageOf(cause);
    throw new Problem("invalid-state", `${what}: ${detail}`, { cause });
  }
}

/** Bundles all sources at once. @param use is called for each in the order of their names */
async function eachSource<T>(
  options: PublisherOptions,
  use: (source: MachineSource, bundled: Promise<Bundle>) => Promise<T>,
): Promise<[MachineSource, T][]> {
  const cache = options.cacheFolder === undefined ? noCache : createBundleCache(options.cacheFolder);
  const sources = await findMachineSources(...options.paths);
  if (options.paths.length > 0 && sources.length === 0) {
    options.log({ level: "warn", message: `no machines found in ${options.paths.join(", ")}` });
  }
  try {
    return await Promise.all(
      sources.map(async (source): Promise<[MachineSource, T]> => {
        return [source, await use(source, bundleThrough(cache, source.entry))];
      }),
    );
  } finally {
    // Its process costs memory; the next change starts it again.
    await stopBundler();
  }
}

async function publish({ services, orgId, log }: PublisherOptions, source: MachineSource, code: string): Promise<void> {
  const versionId = await publishMachine(services, orgId, source.name, code, "from source");
  if (versionId) log({ level: "info", message: `published ${source.name} as ${versionId}` });
}

const noCache: BundleCache = { read: async () => undefined, write: async () => {} };

/** Bundles are kept beside the store's file. */
export function bundleCacheFolder(storePath: string): string {
  return join(dirname(storePath), "bundles");
}
