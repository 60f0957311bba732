// The form of a state document: a head, then one record a line, each under the name of its kind.
//
//   {"format":"settle-state","version":1,"records":[
//   {"machine":{"slug":"counter","createdAt":1767607200000,"indexes":[],"currentVersionId":"ver_…"}},
//   {"code":{"sha256":"…","text":"import …"}},
//   {"version":{"id":"ver_…","machine":"counter",…}},
//   …
//   ]}
//
// Nothing in it depends on the store that it came from: what belongs to the store's own organization names none, and what is signed with or
// made by its first key names no key. @see docs/state.md

import type { Bootstrap, Key, Org } from "../../domain/records.ts";
import type { Kind } from "../../store/port.ts";

export const stateFormat = "settle-state";
/** Grows with each change that older versions of Settle would misread. */
export const stateVersion = 1;

export const documentHead = `{"format":"${stateFormat}","version":${stateVersion},"records":[`;
export const documentTail = "\n]}\n";

/** Kinds that stand in a document as they are stored, but for their organization. Uploads are left out: only their own store can use them. */
export type DocumentKind = Exclude<Kind, "bootstrap" | "upload"> | "transition" | "code" | "credentials";

/** What makes a store's credentials; only in a document that was asked for them. */
export interface CredentialsEntry {
  bootstrap: Bootstrap;
  org: Org;
  /** Absent once it was deleted. */
  key?: Key;
}

/** Stands for the id of the store's own organization in what identity providers expect. */
export const ownOrgMark = "{orgId}";
