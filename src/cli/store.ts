// `settle store`: looks after a store; what each of its commands does is loaded when it is asked for.

import { Command } from "commander";
import { isStoreTyped, storeOption } from "./store-access.ts";

/** What a command about a store is told beside its arguments. */
export interface StoreFlags {
  store: string;
  /** Whether the store was named on the command line, and not by the environment or by nobody. */
  isTyped: boolean;
  force?: boolean;
  withCredentials?: boolean;
  /** Aborted when a signal ends the command. */
  signal?: AbortSignal | undefined;
}

type Does = typeof import("./store/run.ts");
type Act = (does: Does, flags: StoreFlags, ...args: string[]) => Promise<void>;

const server =
  "whose state: that of the server at SETTLE_URL, unless this is typed; else the store's, by its server while one runs";

export function storeCommand(): Command {
  const store = new Command("store").description("look after a store, or a server's state");
  subcommand(store, "check", (does, flags) => does.check(flags))
    .description("say whether a store is whole, and what is in it; nothing is changed, and a server may be running")
    .addOption(storeOption("the store"));
  subcommand(store, "repair", (does, flags) => does.repair(flags))
    .description("make a store of what can be read of a damaged one; its files are kept beside it")
    .addOption(storeOption("the store"));
  subcommand(store, "compact", (does, flags) => does.compact(flags))
    .description("put everything into the JSON file, so that it says all")
    .addOption(storeOption("the store"));
  subcommand(store, "export", (does, flags, file) => does.exportState(flags, file))
    .description("write the state as one document, to a file or stdout; secrets are left out")
    .argument("[file]", "where to write it; - is stdout. A file that is there is replaced if it is such a document")
    .option("--force", "replace whatever file is there")
    .option("--with-credentials", "keys and other secrets, too: only for your own eyes")
    .addOption(storeOption(server));
  subcommand(store, "import", (does, flags, file = "") => does.importState(flags, file))
    .description("put a document's state in the place of everything, all of it or nothing")
    .argument("<file>", "what to read; - is stdin")
    .option("--force", "replace what is there")
    .addOption(storeOption(server));
  subcommand(store, "copy", (does, flags, from = "", to = "") => does.copy(flags, from, to))
    .description("make a store of another one's state, credentials included; its server may be running")
    .argument("<from>", "a store")
    .argument("<to>", "where there is none yet")
    .option("--force", "replace the state of a store that is there; its credentials stay");
  return store.addCommand(snapshotCommand());
}

function snapshotCommand(): Command {
  const snapshot = new Command("snapshot").description("states kept under names, beside the store");
  const acts: [usage: string, description: string, act: Act][] = [
    ["save <name>", "keep the state as it is now", (does, flags, name = "") => does.saveSnapshot(flags, name)],
    ["list", "say which there are", (does, flags) => does.listSnapshots(flags)],
    ["restore <name>", "go back to it", (does, flags, name = "") => does.restoreSnapshot(flags, name)],
    ["delete <name>", "forget it", (does, flags, name = "") => does.deleteSnapshot(flags, name)],
  ];
  for (const [usage, description, act] of acts) {
    const [name = "", argument] = usage.split(" ");
    const command = subcommand(snapshot, name, act).description(description).addOption(storeOption(server));
    if (argument !== undefined) command.argument(argument, "letters, digits, _ and -");
  }
  return snapshot;
}

function subcommand(parent: Command, name: string, act: Act): Command {
  return parent.command(name).action(async function run(this: Command) {
    const flags = { ...this.opts<Omit<StoreFlags, "isTyped">>(), isTyped: isStoreTyped(this) };
    const { interruptible } = await import("./store/interrupt.ts");
    await interruptible(async (signal) => act(await import("./store/run.ts"), { ...flags, signal }, ...this.args));
  });
}
