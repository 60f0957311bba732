// Publishes the machines of `--machines` at the start and, when asked to, again whenever one of their files changes.

import { dirname, join } from "node:path";
import type { ServerLog } from "./http/errors.ts";
import { publishMachine } from "./operations/publish.ts";
import type { Services } from "./operations/services.ts";
import { stopBundler } from "./sources/bundle.ts";
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
  /** Publishes them once more, as other contents of the store may need it. @throws SourceError or Problem */
  again(): Promise<void>;
  close(): Promise<void>;
}

/** @throws SourceError or Problem when a source can't be published: a start must not pretend */
export async function publishSources(options: PublisherOptions): Promise<Published> {
  const { names } = await publishAll(options);
  return { names, again: async () => void (await publishAll(options)), close: async () => {} };
}

/** The same, and again at every change; a source that is broken while it is being written is logged, and its last good version stays. */
export async function watchSources(options: PublisherOptions): Promise<Published> {
  const { names, files } = await publishAll(options);
  const { watch } = await import("chokidar");
  const watcher = watch([...options.paths, ...files], { ignoreInitial: true, ignored: /node_modules/ });
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
      options.log({ level: "error", message: error instanceof Error ? error.message : String(error) });
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
    again() {
      const published = rounds.then(publish);
      rounds = published.catch(() => {});
      return published;
    },
    close: async () => {
      await watcher.close();
      await rounds;
    },
  };
}

async function publishAll(options: PublisherOptions): Promise<{ names: string[]; files: string[] }> {
  const cache = options.cacheFolder === undefined ? noCache : createBundleCache(options.cacheFolder);
  const sources = await findMachineSources(...options.paths);
  if (options.paths.length > 0 && sources.length === 0) {
    options.log({ level: "warn", message: `no machines found in ${options.paths.join(", ")}` });
  }
  try {
    let turn: Promise<unknown> = Promise.resolve();
    const publishing = sources.map((source) => {
      const published = publish(options, cache, source, turn);
      if (options.inOrder) turn = published.catch(() => {});
      return published;
    });
    const files = await Promise.all(publishing);
    return { names: sources.map(({ name }) => name), files: files.flat() };
  } finally {
    // Its process costs memory; the next change starts it again.
    await stopBundler();
  }
}

/** @param turn what to wait for once the source is bundled */
async function publish(
  options: PublisherOptions,
  cache: BundleCache,
  source: MachineSource,
  turn: Promise<unknown>,
): Promise<string[]> {
  const { services, orgId, log } = options;
  const { code, watchFiles } = await bundleThrough(cache, source.entry);
  await turn;
  const versionId = await publishMachine(services, orgId, source.name, code, "from source");
  if (versionId) log({ level: "info", message: `published ${source.name} as ${versionId}` });
  return watchFiles;
}

const noCache: BundleCache = { read: async () => undefined, write: async () => {} };

/** Bundles are kept beside the store's file. */
export function bundleCacheFolder(storePath: string): string {
  return join(dirname(storePath), "bundles");
}
