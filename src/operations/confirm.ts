// Asks for the proof that a deletion is meant.

import { isConfirmed } from "../domain/confirmation.ts";
import { Problem } from "../domain/problem.ts";

/**
 * That `dangerDataWillBeDeletedForever` is true has been checked by the schema.
 * @throws Problem that names `field` when the HMAC in it is not the one of `name`
 */
export function confirmDeletion(machine: string, name: string, field: string, hmac: string): void {
  if (isConfirmed(machine, name, hmac)) return;
  const right = "the unpadded base64url of HMAC-SHA-256 with the machine's name as key";
  throw new Problem("invalid-parameter", `${field} must be ${right} over the name '${name}'.`, { parameter: field });
}
