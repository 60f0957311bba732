// The store whose credentials a command uses: named by an option, read without being opened.

import type { Command, Option } from "commander";
import { isStorePath } from "../domain/store-path.ts";
import { StoreUnreadable } from "../store/port.ts";
import type { StoredCredentials } from "../stored.ts";
import { CannotRun } from "./cannot-run.ts";
import { serverOption } from "./server-options.ts";

export function storeOption(description: string): Option {
  return serverOption("--store <path>", "STORE", description).default(".settle/db.json");
}

/** A server, and the token that opens its control plane. */
export interface Target {
  url: string;
  adminToken: string;
  /** Ends what is asked of it. */
  signal?: AbortSignal | undefined;
}

/**
 * The server in SETTLE_URL unless a store was typed, else the one that has the store open; null when there is none.
 * @throws CannotRun when nothing says its admin token
 */
export async function findServer(store: string, isTyped: boolean): Promise<Target | null> {
  const { SETTLE_URL, SETTLE_ADMIN_TOKEN } = isTyped ? {} : process.env;
  const { runningServer } = await import("../stored.ts");
  const url = SETTLE_URL || (await runningServer(store));
  if (!url) return null;
  const otherwise = SETTLE_URL ? "set SETTLE_ADMIN_TOKEN" : "set SETTLE_URL and SETTLE_ADMIN_TOKEN";
  return { url, adminToken: SETTLE_ADMIN_TOKEN || (await readStore(store, otherwise)).adminToken };
}

/** What was typed means more than what the environment happens to hold. */
export function isStoreTyped(command: Command): boolean {
  return command.getOptionValueSource("store") === "cli";
}

/** @param otherwise completes "…; " with how to do without this store. @throws CannotRun */
export async function readStore(store: string, otherwise: string): Promise<StoredCredentials> {
  if (!isStorePath(store)) {
    throw new CannotRun(`only a store in a file can be read from outside its server, and not ${store}; ${otherwise}`);
  }
  const credentials = await stored(store);
  if (credentials) return credentials;
  throw new CannotRun(
    `there is no store at ${store}; start a server on it, name another with --store, or ${otherwise}`,
  );
}

async function stored(store: string): Promise<StoredCredentials | null> {
  const { storedCredentials } = await import("../stored.ts");
  try {
    return await storedCredentials(store);
  } catch (error) {
    if (error instanceof StoreUnreadable) throw new CannotRun(error.message, { cause: error });
    throw error;
  }
}
