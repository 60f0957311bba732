// Takes away what machine code has no use for, before it loads: the process, files, other threads, recycled memory, Node's own objects.

import { Server, Socket } from "node:net";
import { lockIntrinsics } from "./lockdown.ts";
import { installTimers } from "./timers.ts";

/** Globals that are no part of the web's standards, or lead out of the worker. */
const goneGlobals = [
  "process",
  "BroadcastChannel",
  "navigator",
  "Navigator",
  "localStorage",
  "sessionStorage",
  "Storage",
  "gc",
];

/**
 * What of the process object nobody needs any more, should machine code ever get hold of it: signals to other processes, Node's modules and
 * bindings, the pipe to the server, other processes' code. Node itself goes on with the rest.
 */
const goneFromProcess = [
  ...[
    "kill",
    "_kill",
    "abort",
    "exit",
    "reallyExit",
    "execve",
    "dlopen",
    "binding",
    "_linkedBinding",
    "getBuiltinModule",
  ],
  ...[
    "stdin",
    "stdout",
    "stderr",
    "openStdin",
    "_rawDebug",
    "_getActiveHandles",
    "_getActiveRequests",
    "report",
    "permission",
  ],
  ...[
    "chdir",
    "umask",
    "setuid",
    "seteuid",
    "setgid",
    "setegid",
    "setgroups",
    "initgroups",
    "loadEnvFile",
    "finalization",
  ],
  ...[
    "argv",
    "argv0",
    "execArgv",
    "execPath",
    "pid",
    "ppid",
    "title",
    "debugPort",
    "moduleLoadList",
    "_preload_modules",
  ],
  ...[
    "setUncaughtExceptionCaptureCallback",
    "setSourceMapsEnabled",
    "_debugProcess",
    "_debugEnd",
    "_startProfilerIdleNotifier",
  ],
];

/**
 * Leaves the web-standard globals and `Buffer`. Must run before any machine code is imported, and after everything of ours is.
 * @param port the way to the runner, which machine code must not come by
 * @param onTimer called whenever one of its timers runs
 */
export function scrubGlobals(port: object, onTimer: () => void): void {
  const { process } = globalThis;
  // For this thread only: the runner's other workers keep what they need until they are at this point themselves.
  const permission = process.permission as unknown as Droppable;
  for (const scope of ["fs", "worker"]) permission.drop?.(scope);
  forbidConjuring();
  for (const name of goneGlobals) Reflect.deleteProperty(globalThis, name);
  for (const name of goneFromProcess) Reflect.deleteProperty(process, name);
  // A pooled Buffer shows what others left in the pool; that all of them are zeroed is the runner's own setting.
  Buffer.poolSize = 0;
  // The web's name for the global object.
  Object.assign(globalThis, { self: globalThis });
  installTimers(onTimer);
  lockIntrinsics([port]);
}

/** Newer ones of Node 24 have it, its types don't yet. */
interface Droppable {
  drop?(scope: string): void;
}

/**
 * Structured cloning makes an object of any class of Node's that takes part in it, from data of the caller's choice: a `FileHandle` that
 * way would be the pipe to the server. Those that reach outside take no part any more.
 */
function forbidConjuring(): void {
  const symbolNamed = (name: string) => {
    const found = Object.getOwnPropertySymbols(Blob.prototype).find(({ description }) => description === name);
    if (!found) throw new Error(`this Node clones in a way that the sandbox doesn't know (no ${name})`);
    return found;
  };
  const clone = symbolNamed("messaging_clone_symbol");
  const deserialize = symbolNamed("messaging_deserialize_symbol");
  class Bait extends Blob {
    [clone](): object {
      return { data: { handle: {} }, deserializeInfo: "internal/fs/promises:FileHandle" };
    }
  }
  const fileHandle: object = structuredClone(new Bait([]));
  for (const prototype of [Object.getPrototypeOf(fileHandle), Socket.prototype, Server.prototype])
    Reflect.deleteProperty(prototype, deserialize);
}
