// The part about subscribers.

import type { CrowdFigures } from "../subscribers.ts";
import { short, table } from "./table.ts";

export function subscribersMarkdown({ crowds }: { crowds: CrowdFigures[] }): string {
  return `Each subscriber has a socket, a token and an auth context of its own, and \`allowRead\` is asked about each before every update. An instance's next event is sent when the
updates of the one before are there, 16 instances at a time. The delay is from the event's answer to the last of its updates. Memory is before the first socket, with all
subscribed, and after the last update.

${table(
  [
    "instances × subscribers × events",
    "updates",
    "arrived",
    "delay p50 ms",
    "p99 ms",
    "updates/s",
    "server's MB",
    "runner's MB",
  ],
  crowds.map(crowdRow),
)}`;
}

function crowdRow(figures: CrowdFigures): string[] {
  const { instances, subscribersOfEach, eventsOfEach, updates, delayMs, totalMs, memory } = figures;
  const stages = [memory.before, memory.subscribed, memory.after];
  const updatesOfEvents = instances * subscribersOfEach * eventsOfEach;
  return [
    `${instances} × ${subscribersOfEach} × ${eventsOfEach}`,
    String(updates.expected),
    String(updates.arrived),
    short(delayMs.p50),
    short(delayMs.p99),
    ((updatesOfEvents / totalMs) * 1_000).toFixed(0),
    stages.map(({ own }) => (own / 1e6).toFixed(0)).join(", "),
    stages.map(({ children }) => (children / 1e6).toFixed(0)).join(", "),
  ];
}
