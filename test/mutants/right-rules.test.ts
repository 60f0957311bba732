// What the right rules name is there to fail.

import { expect, test } from "vitest";
import { mutants } from "./catalogue.ts";
import { loadBench } from "./judge.ts";
import { rightRulesOf } from "./right-rules.ts";

test("are rules of the contracts, and some that do more than warn unless it is said that nothing more can be asked for", () => {
  const levels = new Map(loadBench().contracts.rules.map(({ id, level }) => [id, level]));
  for (const { id } of mutants) {
    const { rules, advisory = false } = rightRulesOf(id);
    expect({ id, unknown: rules.filter((rule) => !levels.has(rule)) }).toEqual({ id, unknown: [] });
    const isMet = advisory || rules.length === 0 || rules.some((rule) => levels.get(rule) !== "ADVISORY");
    expect({ id, isMet }).toEqual({ id, isMet: true });
  }
});
