// What Linux tells of a process: who its children are, and how much memory it has.

import { readdirSync, readFileSync } from "node:fs";

/** Nobody, where the system doesn't tell. */
export function childrenOf(pid: number | undefined): number[] {
  try {
    const threads = `/proc/${pid}/task`;
    return readdirSync(threads).flatMap((thread) =>
      readFileSync(`${threads}/${thread}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    return [];
  }
}

/** @throws where there is no such process, or no Linux to ask */
export function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no memory: it has ended`);
  return Number(kilobytes) * 1024;
}
