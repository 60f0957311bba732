// How the tests run: most of them side by side, then, one after another, those that start whole programs and would slow the others' clocks.

import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Tests that install, proxy or spawn whole programs, or load them as hard as they can. */
const programs = ["package", "prism", "browser", "kills", "soak"].map((folder) => `test/${folder}/**/*.test.ts`);

/** What takes longest, most first. Begun last, one of them would have the end of a run to itself while the other cores wait. */
const longest = [
  "test/crash/sweep.test.ts",
  "test/oracle/model-stages.test.ts",
  "test/cli/verify.test.ts",
  "test/contracts/durability.test.ts",
  "test/http/manual-clock.test.ts",
  "test/cli/smply.test.ts",
  "test/mutants/probes.test.ts",
  "test/cli/serve.test.ts",
  "test/oracle/fuzz.test.ts",
  "test/readme/readme.test.ts",
  "test/cli/store.test.ts",
  "test/engine/bombs.test.ts",
  "test/oracle/realtime.test.ts",
];
const lost = longest.filter((path) => !existsSync(join(import.meta.dirname, path)));
if (lost.length > 0)
  throw new Error(`vitest.config.ts: among the longest are tests that don't exist: ${lost.join(", ")}`);

/** The longest first; the rest as vitest would, which on a fresh checkout is by size. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const place = ({ moduleId }: TestSpecification) => {
      const found = longest.findIndex((path) => moduleId.endsWith(path));
      return found === -1 ? longest.length : found;
    };
    return sorted.toSorted((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    // A test that hangs says so soon; one that needs longer says so itself.
    testTimeout: 15_000,
    hookTimeout: 30_000,
    teardownTimeout: 10_000,
    // What is waited for may take its time on a busy machine.
    setupFiles: ["test/patience.ts"],
    expect: { poll: { timeout: 10_000 } },
    // Much of what they do is waiting for servers and timeouts, so every core has a file; by itself vitest leaves one idle.
    maxWorkers: availableParallelism(),
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: "units", include: ["test/**/*.test.ts"], exclude: programs, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: { name: "programs", include: programs, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
