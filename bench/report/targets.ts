// The figures that the project set itself, each beside what was measured.

import type { Contender, Figures, Growing } from "../figures.ts";
import { median } from "../statistics.ts";
import { growthOf, middle, ratio } from "./ratios.ts";
import { megabytes, short, table } from "./table.ts";

interface Target {
  name: string;
  target: string;
  /** Absent when it was not measured. */
  figure?: { text: string; met: boolean };
}

export function targetsMarkdown(figures: Figures): string {
  return `## Targets

${table(
  ["", "target", "measured", ""],
  targetsOf(figures).map(({ name, target, figure }) => [
    name,
    target,
    figure?.text ?? "–",
    figure === undefined ? "not measured" : figure.met ? "met" : "**not met**",
  ]),
)}
`;
}

function targetsOf(figures: Figures): Target[] {
  return [...operationTargets(figures), ...growthTargets(figures), ...readyTargets(figures), memoryTarget(figures)];
}

/** Times as fast as Prism's mock, at least. */
const timesPrism = { create: 2.5, "send event": 2.5, "get state, authorized": 3, "get state as admin": 6 };

function operationTargets({ operations: measured }: Figures): Target[] {
  const roundsOf = (name: string) => measured?.operations[name];
  const rates = (name: string, rival: Contender, rivalName: string, least: number): Target => ({
    name: `${name}, requests/s`,
    target: `≥ ${least} × ${rivalName}`,
    ...atLeast(roundsOf(name) && ratio(roundsOf(name) ?? [], rival), least),
  });
  const slowest = Object.keys(measured?.operations ?? timesPrism).map((name): Target => {
    const rounds = roundsOf(name);
    const p99 = (who: Contender) => middle(rounds ?? [], who, ({ latencyMs }) => latencyMs.p99);
    const [ours, prisms] = [p99("settle"), p99("prism")];
    return {
      name: `${name}, p99`,
      target: "< Prism's",
      ...(rounds && { figure: { text: `${short(ours)} ms, Prism ${short(prisms)} ms`, met: ours < prisms } }),
    };
  });
  return [
    ...Object.entries(timesPrism).map(([name, least]) => rates(name, "prism", "Prism", least)),
    rates("get state as admin", "echo", "the Fastify echo", 0.4),
    ...slowest,
  ];
}

function atLeast(value: number | undefined, least: number): Pick<Target, "figure"> {
  return value === undefined ? {} : { figure: { text: value.toFixed(2), met: value >= least } };
}

export const mostGrowth = 1.5;
/** What the targets are about; a short run that stops before measures something else. */
const mostStored = 100_000;
const mostBehind = 10_000;

function growthTargets({ growth }: Figures): Target[] {
  const one = (what: string, where: string, grown?: number): Target => ({
    name: `${what}, ${where}`,
    target: `≤ ${mostGrowth} ×`,
    ...(grown !== undefined && { figure: { text: grown.toFixed(2), met: grown <= mostGrowth } }),
  });
  const all = (what: string, where: string, amount: number, operations: { [operation: string]: Growing[] } = {}) => {
    const measured = Object.entries(operations).flatMap(([name, growing]) => {
      const most = growing.find((other) => other.amount === amount);
      return name.startsWith(what) && most ? [one(name, where, growthOf(growing, most))] : [];
    });
    return measured.length > 0 ? measured : [one(what, where)];
  };
  return [
    ...all("create", "100,000 stored : 100", mostStored, growth?.bySize),
    ...all("event", "100,000 stored : 100", mostStored, growth?.bySize),
    ...all("event", "10,000 transitions behind : none", mostBehind, growth?.byHistory),
  ];
}

function readyTargets({ start, recovery }: Figures): Target[] {
  const ready = (name: string, mostMs: number, all: number[] | undefined): Target => ({
    name: `ready, ${name}`,
    target: `< ${mostMs} ms`,
    ...(all && { figure: { text: `${median(all).toFixed(0)} ms`, met: median(all) < mostMs } }),
  });
  const isFull = recovery?.instances === mostStored;
  return [
    ready("empty store", 300, start?.stores.find(({ instances }) => instances === 0)?.ms),
    ready("100,000 instances, after a clean stop", 1_500, isFull ? recovery.afterStop : undefined),
    ready("100,000 instances, after kill -9", 1_500, isFull ? recovery.afterKill : undefined),
  ];
}

function memoryTarget({ memory }: Figures): Target {
  const mostBytes = 120e6;
  const own = memory?.atRest.own;
  return {
    name: "server's resident memory before the first machine runs",
    target: `< ${megabytes(mostBytes)}`,
    ...(own !== undefined && { figure: { text: megabytes(own), met: own < mostBytes } }),
  };
}
