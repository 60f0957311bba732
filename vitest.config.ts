// How the tests run: most of them side by side, then, one after another, those that start whole programs and would slow the others' clocks.

import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

/** Tests that install, proxy or spawn whole programs, or load them as hard as they can. */
const programs = ["package", "prism", "browser", "kills", "soak"].map((folder) => `test/${folder}/**/*.test.ts`);

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
