// A failure as people read it: the machine as source, what happened to it, what should have been and what was, and how to see it again.

import { inspect } from "node:util";
import type { Mismatch } from "./compare.ts";
import { render } from "./render.ts";
import type { Case } from "./spec.ts";

export interface Failure {
  seed: number;
  /** Where fast-check finds the shrunk case again. */
  path: string;
  engine: string;
  case: Case;
  mismatch: Mismatch;
}

export function describeFailure({ seed, path, engine, case: { machine, given }, mismatch }: Failure): string {
  const { happened, what, expected, seen } = mismatch;
  const show = (value: unknown) => inspect(value, { depth: 12, breakLength: 110 });
  const replay = `npm run fuzz:engine -- --major ${machine.major} --engine ${engine} --seed ${seed} --path ${path}`;
  return [
    `XState ${machine.major} and the engine differ: ${what}`,
    "",
    render(machine).config,
    "// (implementations: test/fuzz/library.ts)",
    "",
    `given ${JSON.stringify(given)}, then:`,
    ...happened.map((op) => `  ${JSON.stringify(op)}`),
    "",
    `expected ${what}: ${show(expected)}`,
    `seen ${what}:     ${show(seen)}`,
    "",
    `seed ${seed}, path ${path}`,
    `replay: ${replay}`,
    "",
  ].join("\n");
}
