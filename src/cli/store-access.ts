// The store whose credentials a command uses: named by an option, read without being opened.

import type { Command, Option } from "commander";
import { StoreUnreadable } from "../store/port.ts";
import type { StoredCredentials } from "../stored.ts";
import { CannotRun } from "./cannot-run.ts";
import { serverOption } from "./server-options.ts";

export function storeOption(description: string): Option {
  return serverOption("--store <path>", "STORE", description).default(".settle/db.json");
}

/** What was typed means more than what the environment happens to hold. */
export function isStoreTyped(command: Command): boolean {
  return command.getOptionValueSource("store") === "cli";
}

/** @param otherwise completes "…; " with how to do without this store. @throws CannotRun */
export async function readStore(store: string, otherwise: string): Promise<StoredCredentials> {
  if (store === "memory:" || /^[a-z]+:\/\//i.test(store)) {
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
