// The judge of judges counts right: a mutant is killed by a rule that says what is wrong with it, and by no other.

import { expect, test } from "vitest";
import { benignVariants } from "./benign.ts";
import { mutants } from "./catalogue.ts";
import type { Fault, Mutant } from "./fault.ts";
import { alarmsOf, judgeBenign, judgeMutant, loadBench } from "./judge.ts";

const whole = loadBench();
const few = ["instance-is-created-and-read", "instance-name-is-taken"];
const scenarios = whole.contracts.scenarios.filter(({ name }) => few.includes(name));
const options = { ...whole, contracts: { ...whole.contracts, scenarios }, seed: 1, runs: 1 };

function named(id: string, fault?: () => Fault): Mutant {
  const mutant = mutants.find((one) => one.id === id);
  if (!mutant) throw new Error(`there is no mutant ${id}`);
  return fault ? { ...mutant, fault } : mutant;
}

test("killed by a right rule", { timeout: 60_000 }, async () => {
  const { killer, error } = await judgeMutant(named("SC-01"), options);
  expect(error).toBeUndefined();
  expect(killer).toMatchObject({ id: "SB-SPEC-SUCCESS-CONFORMS", status: "failed", afterMs: expect.any(Number) });
});

test("not killed by another mutant's fault, which fails other rules", { timeout: 60_000 }, async () => {
  const { killer, others } = await judgeMutant(named("SM-11", named("ST-02").fault), options);
  expect(killer).toBeUndefined();
  expect(others.map(({ id }) => id)).toContain("SB-INST-CREATE-200-STATE");
});

test("a benign variant is not blamed, and one that is spoilt is", { timeout: 60_000 }, async () => {
  const [variant] = benignVariants;
  if (!variant) throw new Error("there is no benign variant");
  expect(alarmsOf(await judgeBenign(variant, options))).toEqual([]);
  const spoilt = await judgeBenign({ ...variant, fault: named("ST-02").fault }, options);
  expect(alarmsOf(spoilt).map(({ id }) => id)).toContain("SB-INST-CREATE-200-STATE");
});
