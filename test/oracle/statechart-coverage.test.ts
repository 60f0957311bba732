// Counting what of a statechart was seen at work.

import { expect, it } from "vitest";
import { type ChartParts, StatechartCounts } from "../../src/oracle/statechart-coverage.ts";

const parts: ChartParts = {
  machine: "door",
  xstate: 5,
  elements: { states: ["open", "shut"], transitions: ["open SHUT → shut"], guards: ["isFree"] },
};

it("begins with nothing of all that there is, and counts what is visited, guards both ways", () => {
  const counts = new StatechartCounts();
  counts.visit(parts, { active: ["door", "open"], transitions: [], guards: [] });
  expect(counts.list()).toEqual([
    {
      machine: "door",
      xstate: 5,
      states: { open: 1, shut: 0 },
      transitions: { "open SHUT → shut": 0 },
      guards: { isFree: { true: 0, false: 0 } },
    },
  ]);
  const shut = { active: ["door", "shut"], transitions: ["open SHUT → shut"] };
  counts.visit(parts, { ...shut, guards: [{ name: "isFree", result: true }] });
  counts.visit(parts, { active: ["door", "open"], transitions: [], guards: [{ name: "isFree", result: false }] });
  const [door] = counts.list();
  expect(door).toMatchObject({
    states: { open: 2, shut: 1 },
    transitions: { "open SHUT → shut": 1 },
    guards: { isFree: { true: 1, false: 1 } },
  });
});

it("keeps machines and XStates apart, in order", () => {
  const counts = new StatechartCounts();
  const visit = { active: ["open"], transitions: [], guards: [{ name: "unheard of", result: true }] };
  counts.visit(parts, visit);
  counts.visit({ ...parts, xstate: 4 }, visit);
  counts.visit({ ...parts, machine: "box" }, visit);
  expect(counts.list().map(({ machine, xstate }) => `${machine} ${xstate}`)).toEqual(["box 5", "door 4", "door 5"]);
  expect(counts.list()[0]?.guards).toEqual({ isFree: { true: 0, false: 0 } });
});
