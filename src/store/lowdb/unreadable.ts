// The one line a person reads when the store can't be opened: what, where, how to mend it.

import { messageOf } from "../../domain/message-of.ts";
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

/** What a person does about damage. */
export const mendDamage = 'Restore it from a copy, or run "settle store repair", which keeps what can be read.';

const shownCharacters = 60;

/** Nothing at the start of the file says that it is a store. */
export class NoStore extends StoreUnreadable {
  /** @param opening its first bytes */
  constructor(path: string, opening: string) {
    const [first = ""] = opening.split(/\r?\n/, 1);
    const shown = first.length > shownCharacters ? `${first.slice(0, shownCharacters)}…` : first;
    const what = opening === "" ? "it is empty" : `its first line is ${JSON.stringify(shown)}`;
    const isState = /^\s*\{\s*"format"\s*:\s*"settle-state"/.test(opening);
    let mend = 'Name another file; or, if it is what is left of a store, run "settle store repair".';
    if (isState) mend = 'It is an exported state: put it into a store with "settle store import".';
    else if (opening === "")
      mend = 'Delete it, and a new one is made there; a journal beside it needs "settle store repair".';
    super(`${path} is no Settle store: ${what}. ${mend}`);
    this.name = "NoStore";
  }
}

/** Any other failure while opening: a folder in the way, no permission, a full disk. */
export function cannotOpen(path: string, cause: unknown): StoreUnreadable {
  if (cause instanceof StoreUnreadable) return cause;
  const detail = messageOf(cause);
  if (detail === `${path} is a folder`)
    return unreadable(path, "is a folder", "Name the store's JSON file in it.", cause);
  const mend = codeOf(cause) === undefined ? "This is a defect: please report it." : "Mend that, or name another file.";
  return unreadable(path, `can't be opened: ${detail}`, mend, cause);
}
