// The one line a person reads when the store can't be opened: what, where, how to mend it.

import { StoreUnreadable } from "../port.ts";
import { codeOf } from "./files.ts";

/** `what` completes a sentence that starts with the path; `mend` is one of its own. */
export function unreadable(path: string, what: string, mend: string, cause?: unknown): StoreUnreadable {
  return new StoreUnreadable(`${path} ${what}. ${mend}`, cause === undefined ? undefined : { cause });
}

/** A newer version of Settle wrote it: nobody here can say whether it is whole. */
export class StoreTooNew extends StoreUnreadable {
  constructor(path: string, format: number, known: number, mend: string) {
    super(`${path} has format ${format}, and this version of Settle knows formats up to ${known}. ${mend}`);
    this.name = "StoreTooNew";
  }
}

/** Any other failure while opening: a folder in the way, no permission, a full disk. */
export function cannotOpen(path: string, cause: unknown): StoreUnreadable {
  if (cause instanceof StoreUnreadable) return cause;
  const detail = cause instanceof Error ? cause.message : String(cause);
  const mend = codeOf(cause) === undefined ? "This is a defect: please report it." : "Mend that, or name another file.";
  return unreadable(path, `can't be opened: ${detail}`, mend, cause);
}
