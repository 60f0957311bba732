// Figures as a bench might give them, some of which miss their targets.

import type { Contender, Figures, Latency, Measured, Round } from "../../bench/figures.ts";
import { contenders } from "../../bench/figures.ts";

const measured: Measured = {
  date: "2026-11-25T12:00:00.000Z",
  machine: { cores: 2, cpu: "Some CPU", memoryGb: 24, node: "v24.21.0" },
  load: { before: 0.1, after: 4.5 },
};
const resident = { own: 119e6, children: 80e6 };

function round(requestsPerSecond: number, p99: number): Round {
  const latencyMs: Latency = { p50: p99 / 10, p90: p99 / 2, p99, p999: p99 * 2, longest: p99 * 3 };
  return { requestsPerSecond, latencyMs };
}

/** Of one round, by the order of the contenders. */
function rounds(...all: Round[]): { [C in Contender]: Round }[] {
  return [Object.fromEntries(contenders.map((name, n) => [name, all[n]])) as { [C in Contender]: Round }];
}

const rivals = [round(4_000, 8), round(3_000, 9), round(40_000, 0.8)];

export const figures: Figures = {
  operations: {
    ...measured,
    workload: { connections: 16, instances: 1_000, contextBytes: 1_024, rounds: 1, seconds: 3 },
    operations: {
      create: rounds(round(10_000, 7), ...rivals),
      "send event": rounds(round(9_960, 8.5), ...rivals),
      "get state, authorized": rounds(round(12_000, 3), ...rivals),
      "get state as admin": rounds(round(15_000, 2), ...rivals),
    },
  },
  growth: {
    ...measured,
    requests: 200,
    connections: 16,
    bySize: {
      "create, 1 connection": [
        { amount: 100, medianMs: [0.4, 0.5, 0.4] },
        { amount: 100_000, medianMs: [0.6, 0.75, 1.2] },
      ],
      "event, 1 connection": [
        { amount: 100, medianMs: [0.4, 0.5, 0.4] },
        { amount: 100_000, medianMs: [0.64, 0.8, 0.4] },
      ],
    },
    byHistory: {
      "event, 1 connection": [
        { amount: 0, medianMs: [0.4, 0.5, 0.4] },
        { amount: 10_000, medianMs: [0.4, 0.5, 0.6] },
      ],
    },
  },
  recovery: {
    ...measured,
    instances: 100_000,
    eventsBeforeKill: 10_000,
    afterStop: [1_499, 1_000, 1_700],
    afterKill: [1_501, 1_500, 1_499],
  },
  memory: {
    ...measured,
    instances: 100_000,
    requests: 20_000,
    atRest: resident,
    afterLoad: resident,
    stored: resident,
    storedAfterLoad: resident,
  },
};
