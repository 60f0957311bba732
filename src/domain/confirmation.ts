// The proof that a deletion is meant: only who names what is deleted can compute it.

import { createHmac } from "node:crypto";
import { isSameText } from "./same-text.ts";

/** Whether this is the unpadded base64url of HMAC-SHA-256 over a name, with its machine's name as key. @see docs/semantics.md, Status and deletion */
export function isConfirmed(machine: string, name: string, hmac: string): boolean {
  return isSameText(hmac, createHmac("sha256", machine).update(name).digest("base64url"));
}
