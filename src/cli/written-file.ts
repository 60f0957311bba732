// Files that commands write when they are done: whether they can be is known before anything begins, and their folder is made.

import { accessSync, constants, lstatSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CannotRun } from "./cannot-run.ts";

/** Makes the folder if it isn't there. @param option what names the file, for whoever is told @throws CannotRun */
export function ensureWritable(option: string, file: string): void {
  orCannotRun(option, file, () => {
    if (file === "") throw new Error("a file has a name");
    mkdirSync(dirname(file), { recursive: true });
    const there = statSync(file, { throwIfNoEntry: false });
    if (there?.isDirectory()) throw new Error("it is a folder; name a file in it");
    if (!there && lstatSync(file, { throwIfNoEntry: false })) throw new Error("it is a link that leads nowhere");
    accessSync(there ? file : dirname(file), constants.W_OK);
  });
}

/** @throws CannotRun */
export function writeWhole(option: string, file: string, content: string): void {
  orCannotRun(option, file, () => {
    // Whatever went on meanwhile may have cleared its folder away.
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  });
}

function orCannotRun(option: string, file: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    throw new CannotRun(`${option} ${file} can't be written: ${(cause as Error).message}`, { cause });
  }
}
