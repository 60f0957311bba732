// The part about cost by what is stored.

import type { Growing, GrowthFigures } from "../figures.ts";
import { median } from "../statistics.ts";
import { growthOf } from "./ratios.ts";
import { count, short, table } from "./table.ts";

export function growthMarkdown({ requests, connections, bySize, byHistory }: GrowthFigures): string {
  return `![Cost of a creation and an event, as a multiple of the smallest store's or the shortest history's](growth.svg)

Durable creations, and single events each to another stored instance, over HTTP with 1 connection and with ${connections}. The stored instances have a context of 1 kB and five events
behind them. Rounds of ${requests} requests, all sizes in turns; what was created is deleted before the next is measured. Each figure is the median of the rounds' median latencies
in milliseconds, and in brackets the median of the rounds' ratios to the smallest.

${growingTable("stored instances", bySize)}

The same by transitions behind an event, twenty instances of each taking turns.

${growingTable("transitions behind", byHistory)}`;
}

function growingTable(head: string, operations: { [operation: string]: Growing[] }): string {
  const [first = []] = Object.values(operations);
  const cell = (growing: Growing[], amount: number) => {
    const one = growing.find((other) => other.amount === amount);
    return one ? `${short(median(one.medianMs))} (${growthOf(growing, one).toFixed(2)})` : "–";
  };
  return table(
    [head, ...Object.keys(operations)],
    first.map(({ amount }) => [count(amount), ...Object.values(operations).map((growing) => cell(growing, amount))]),
  );
}
