// `settle smply`: runs the published CLI against a local server, with a home of its own that is gone afterwards.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { CannotRun } from "./cannot-run.ts";
import { installedCommand } from "./installed.ts";
import { runProgram } from "./run-program.ts";
import { findServer, isStoreTyped, readStore, storeOption, type Target } from "./store-access.ts";

export function smplyCommand(): Command {
  return new Command("smply")
    .description("run the smply CLI against the server in SETTLE_URL, or the one that has the store open")
    .usage("[options] -- <args...>")
    .argument("[args...]", "smply's own arguments")
    .addOption(storeOption("whose server, and whose admin token unless SETTLE_ADMIN_TOKEN is set"))
    .passThroughOptions()
    .action((args: string[], { store }: { store: string }, command: Command) =>
      smply(args, store, isStoreTyped(command)),
    );
}

async function smply(args: string[], store: string, isTyped: boolean): Promise<void> {
  const file = installedCommand("smply");
  if (file === null) throw new CannotRun("smply is not installed here; npm install --save-dev smply");
  const { url, adminToken } = await findTarget(store, isTyped);
  const home = makeHome(adminToken);
  const { XDG_CONFIG_HOME: _, XDG_CACHE_HOME: __, XDG_DATA_HOME: ___, ...rest } = process.env;
  try {
    const env = { ...rest, HOME: home, USERPROFILE: home };
    process.exitCode = await runProgram(process.execPath, [file, "-u", url, ...args], env);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** @throws CannotRun */
async function findTarget(store: string, isTyped: boolean): Promise<Target> {
  const server = await findServer(store, isTyped);
  if (server !== null) return server;
  await readStore(store, "set SETTLE_URL and SETTLE_ADMIN_TOKEN");
  throw new CannotRun(`no server has the store ${store} open; start it with settle serve, or set SETTLE_URL`);
}

/** Where smply looks for who is logged in; it sends the access token as it is. On no command line, where other users could read it. */
function makeHome(adminToken: string): string {
  const home = mkdtempSync(join(tmpdir(), "settle-smply-"));
  const credentials = {
    access_token: adminToken,
    refresh_token: "none",
    expires_at: farAwaySeconds,
    // Without a user it would ask a hosted service who the token belongs to, and send it there.
    user: { id: "settle-admin" },
  };
  mkdirSync(join(home, ".smply"), { mode: 0o700 });
  writeFileSync(join(home, ".smply", "credentials"), JSON.stringify(credentials), { mode: 0o600 });
  return home;
}

/** The year 2100: past an expiry it would ask a hosted service for another token. */
const farAwaySeconds = 4_102_444_800;
