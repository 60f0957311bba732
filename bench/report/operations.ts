// The part about the hot operations and the rivals.

import type { Contender, OperationFigures } from "../figures.ts";
import { contenders } from "../figures.ts";
import { middle, ratio } from "./ratios.ts";
import { count, short, table } from "./table.ts";

export const contenderNames: { [C in Contender]: string } = {
  settle: "Settle",
  prism: "Prism",
  mockoon: "Mockoon",
  echo: "Fastify echo",
};

export function operationsMarkdown({ workload, operations }: OperationFigures): string {
  const { connections, instances, contextBytes, rounds, seconds } = workload;
  const rivals = contenders.slice(1);
  return `![Requests a second and latency of each operation](operations.svg)

${connections} connections, ${rounds} rounds of ${seconds} s for each operation, the four in turns; medians of the rounds, and of the rounds' ratios. Every write of Settle's is on disk
before it is acknowledged (\`--durability process\`), with ${count(instances)} instances of each of two machines in the store before the first round and a context of ${count(contextBytes)} bytes; "authorized" asks the
machine's \`allowRead\` every time. A list is the first page of ${count(instances)} instances, a query finds 20 of them. The others store nothing and run nothing: Prism's mock validates the request and answers with the
document's example, which for lists is a shorter one; Mockoon answers what Settle answered once, without a look at the request; the Fastify echo
checks that there is a token, validates the body by the document's schema, and answers what Settle answered once: the practical limit.

${table(
  [
    "requests/s",
    ...contenders.map((name) => contenderNames[name]),
    ...rivals.map((name) => `: ${contenderNames[name]}`),
  ],
  Object.entries(operations).map(([operation, all]) => [
    operation,
    ...contenders.map((name) => middle(all, name, ({ requestsPerSecond }) => requestsPerSecond).toFixed(0)),
    ...rivals.map((name) => ratio(all, name).toFixed(2)),
  ]),
)}

${table(
  ["latency in ms", "", "p50", "p90", "p99", "p99.9", "longest"],
  Object.entries(operations).flatMap(([operation, all]) =>
    contenders.map((name) => [
      operation,
      contenderNames[name],
      ...(["p50", "p90", "p99", "p999"] as const).map((part) =>
        short(middle(all, name, ({ latencyMs }) => latencyMs[part])),
      ),
      short(Math.max(...all.map((round) => round[name].latencyMs.longest))),
    ]),
  ),
)}`;
}
