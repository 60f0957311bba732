// Which process a file beside the store belongs to, and whether that process still runs.

import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { codeOf } from "./files.ts";

export interface Owner {
  pid: number;
  /** When the process started, so that its number used again by another one isn't mistaken for it. */
  start: string;
}

export function thisProcess(): Owner {
  return { pid: process.pid, start: linuxStart("self") ?? String(performance.timeOrigin) };
}

/** Where the system tells no start times, a process of that number counts as the owner. */
export function isRunning({ pid, start }: Owner): boolean {
  if (linuxStart("self") !== null) return linuxStart(pid) === start;
  if (pid === process.pid) return start === String(performance.timeOrigin);
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM"; // it lives, and is someone else's
  }
}

/** When a process started, in clock ticks since boot; null when there is none, only its corpse, or no /proc. */
function linuxStart(pid: number | "self"): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1"); // memory, not a disk: quicker than a trip to the thread pool
    const fromState = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it may hold anything
    const isCorpse = fromState[0] === "Z" || fromState[0] === "X";
    return isCorpse ? null : (fromState[startTimeField] ?? null);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return null;
    throw error;
  }
}

/** Field 22 of /proc/<pid>/stat; the state is field 3. */
const startTimeField = 22 - 3;
