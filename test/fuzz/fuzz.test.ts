// A bounded run of the fuzz, with a seed of its own, and the fuzz itself on trial: an engine with a fault is found out.

import { describe, expect, it } from "vitest";
import type { MachineActor } from "../../src/engine/worker/actor.ts";
import { Coverage, shortcomings } from "./coverage.ts";
import { fuzz } from "./fuzz.ts";
import { describeFailure } from "./report.ts";

const seed = 20_261_125;

/** Never cancels a timer. */
function forgetful(actor: MachineActor): MachineActor {
  const takeLasting = () => {
    const { timers, posts } = actor.takeLasting();
    return { timers: timers.filter(({ set }) => set !== null), posts };
  };
  return new Proxy(actor, {
    get: (_, key: keyof MachineActor) => (key === "takeLasting" ? takeLasting : actor[key].bind(actor)),
  });
}

describe.each([5, 4] as const)("XState %i", (major) => {
  it("and the engine agree on random machines, and these do everything that machines do", {
    timeout: 60_000,
  }, async () => {
    const { coverage, failure } = await fuzz({ major, seed, runs: 150 });
    expect(failure && describeFailure(failure)).toBeUndefined();
    expect(shortcomings(coverage, major)).toEqual([]);
  });

  it("and the whole sandbox agree on a few", { timeout: 60_000 }, async () => {
    const { failure } = await fuzz({ major, seed, runs: 5, engine: "sandbox" });
    expect(failure && describeFailure(failure)).toBeUndefined();
  });
});

it("a fault is found, shrunk to what matters, and reported with how to see it again", { timeout: 60_000 }, async () => {
  const options = { major: 5, seed, runs: 200, fault: { actor: forgetful } } as const;
  const { failure } = await fuzz(options);
  if (!failure) throw new Error("nothing was found");
  const { path } = failure;
  const report = describeFailure(failure);
  expect(report).toContain("differ: timers");
  expect(report).toContain(`npm run fuzz:engine -- --major 5 --engine session --seed ${seed} --path ${path}`);
  expect(report.split("\n").length).toBeLessThan(50);
  const again = await fuzz({ ...options, path });
  expect(again.failure?.mismatch).toEqual(failure.mismatch);
  expect((await fuzz({ ...options, path, fault: {} })).failure).toBeUndefined();
});

it("a run that meets nothing falls short of everything", () => {
  const coverage = new Coverage();
  coverage.count("machines", 1_000);
  expect(shortcomings(coverage, 5).length).toBeGreaterThan(40);
  expect(shortcomings(coverage, 5)).toContain("timers fired: 0, at least 100 expected");
});
