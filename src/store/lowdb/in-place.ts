// A new file in the place of another one, for good.

import { setTimeout as pause } from "node:timers/promises";
import { messageOf } from "../../domain/message-of.ts";
import type { ReadFailure } from "./file-segment.ts";
import { type Files, mayPass } from "./files.ts";

const pauseMs = 50;
const triesAtMost = 40;

/**
 * Renames a file whose contents are synced, and makes its name durable. Once the rename may have happened there is no way back: what is
 * written to the file that was there before may be gone, so whatever the error, it ends the store.
 *
 * @throws what left everything as it was and may pass; else what `failure` makes of the error
 */
export async function putInPlace(
  files: Files,
  { from, to, folder }: { from: string; to: string; folder: string },
  failure: ReadFailure,
): Promise<void> {
  try {
    await files.rename(from, to);
  } catch (cause) {
    throw mayPass(cause) ? cause : failure(`${to} can't be put in place (${messageOf(cause)})`, cause);
  }
  for (let tries = 1; ; tries++) {
    try {
      return await files.syncFolder(folder);
    } catch (cause) {
      // Too many open files, as a rule: soon there are fewer.
      if (!mayPass(cause) || tries === triesAtMost)
        throw failure(`${to} may not survive a power cut (${messageOf(cause)})`, cause);
    }
    await pause(pauseMs);
  }
}
