// The progress line: one line that is written over on a terminal, nothing elsewhere.

import { expect, test } from "vitest";
import { createProgress } from "../../src/cli/progress.ts";

function stream(isTTY: boolean, columns: number): { written: string[]; stream: NodeJS.WriteStream } {
  const written: string[] = [];
  const write = (text: string) => written.push(text) > 0;
  return { written, stream: { isTTY, columns, write } as unknown as NodeJS.WriteStream };
}
const eraseLine = "\r\u001b[2K";

test("on a terminal it says how far the run is and how much failed, no wider than the terminal, and goes away", () => {
  const { written, stream: terminal } = stream(true, 40);
  const progress = createProgress(terminal);
  progress.hear({ event: "stage", stage: "scenario" });
  progress.hear({ event: "progress", stage: "scenario", done: 3, total: 9, what: "name-is-taken" });
  progress.hear({ event: "failure", rule: "SB-A", level: "ADVISORY", message: "" });
  progress.hear({ event: "failure", rule: "SB-B", level: "MUST", message: "" });
  progress.hear({ event: "progress", stage: "scenario", done: 4, total: 9, what: "a-name-that-is-rather-long" });
  progress.clear();
  expect(written).toEqual([
    `${eraseLine}scenario`,
    `${eraseLine}scenario 3/9 · name-is-taken`,
    `${eraseLine}scenario 3/9 · name-is-taken`,
    `${eraseLine}scenario 3/9 · 1 failed · name-is-taken`,
    `${eraseLine}scenario 4/9 · 1 failed · a-name-that-…`,
    eraseLine,
  ]);
});

test("elsewhere it is silent", () => {
  const { written, stream: file } = stream(false, 80);
  const progress = createProgress(file);
  progress.hear({ event: "stage", stage: "scenario" });
  progress.clear();
  expect(written).toEqual([]);
});
