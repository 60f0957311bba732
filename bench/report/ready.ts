// The parts about recovery, memory and start.

import type { MemoryFigures, RecoveryFigures, StartFigures } from "../figures.ts";
import type { Resident } from "../programs.ts";
import { median } from "../statistics.ts";
import { count, megabytes, table } from "./table.ts";

export function recoveryMarkdown({ instances, eventsBeforeKill, afterStop, afterKill }: RecoveryFigures): string {
  return `From the start of the process to the ready line, with ${count(instances)} instances of 1 kB and five transitions each. The server is started after a clean stop, takes ${count(eventsBeforeKill)} events, is
ended with \`kill -9\`, and is started again. The files are in the system's cache.

${table(
  ["", "median", "shortest", "longest", "of"],
  [timesRow("after a clean stop", afterStop), timesRow("after kill -9", afterKill)],
)}`;
}

export function startMarkdown({ stores }: StartFigures): string {
  return `From the start of the process to the ready line, after a clean stop. With instances, the source of their machine is among what is started.

${table(
  ["stored instances", "median", "shortest", "longest", "of"],
  stores.map(({ instances, ms }) => timesRow(count(instances), ms)),
)}`;
}

export function memoryMarkdown(figures: MemoryFigures): string {
  const { instances, requests, atRest, afterLoad, stored, storedAfterLoad } = figures;
  const row = (name: string, { own, children }: Resident) => [name, megabytes(own), megabytes(children)];
  return `Resident memory, a second after the server is ready or the load has ended. The load is ${count(requests)} creations, as many events and as many reads with \`allowRead\`, so it leaves as
many instances more in the store. The very first start of an installation, which compiles all code and keeps it, is not measured: the server needs some 30 MB more in it.

${table(
  ["", "server", "its sandbox"],
  [
    row("empty store, before a machine runs", atRest),
    row("after the load", afterLoad),
    row(`${count(instances)} instances stored, before a machine runs`, stored),
    row("after the load", storedAfterLoad),
  ],
)}`;
}

function timesRow(name: string, all: number[]): string[] {
  const ms = (value: number) => `${value.toFixed(0)} ms`;
  return [name, ms(median(all)), ms(Math.min(...all)), ms(Math.max(...all)), String(all.length)];
}
