// A server with all its processes, killed together: the command as users start it, or one that compacts its store very soon.

import { fileURLToPath } from "node:url";
import { childrenOf } from "../cli/proc.ts";
import { node, settle } from "../cli/process.ts";
import { type Call, callerOf } from "../crash/lives.ts";

export interface Family {
  /** Asks it, once it is ready. @throws with all that it printed when it ends before */
  ready(): Promise<Call>;
  /** SIGKILL for the server and for every process it has; resolves when it is dead. */
  kill(): Promise<void>;
}

const machines = fileURLToPath(new URL("machines", import.meta.url));
const compacting = fileURLToPath(new URL("compacting.ts", import.meta.url));
/** Some dozens of commits. */
const compactAtBytes = 60_000;

export function startFamily(store: string, program: "command" | "compacting"): Family {
  const running =
    program === "command"
      ? settle(["serve", "--json", "--port", "0", "--store", store, "--machines", machines])
      : node(compacting, ".", String(compactAtBytes), store, machines);
  const killNow = () => {
    const { exitCode, signalCode } = running.child;
    if (exitCode !== null || signalCode !== null) return; // its number may be somebody else's by now
    // The sandbox is a process group of its own. Where the system doesn't tell, it ends when its server is gone.
    const children = childrenOf(running.child.pid);
    running.signalGroup("SIGKILL");
    for (const pid of children) killIfThere(pid);
  };
  // Whoever ends this program ends its servers.
  process.once("exit", killNow);
  return {
    async ready() {
      const { url, adminToken } = JSON.parse(await running.line(/"event":"ready"/));
      return callerOf(url, adminToken);
    },
    async kill() {
      process.off("exit", killNow);
      killNow();
      await running.ended;
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
