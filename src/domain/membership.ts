// Who belongs to an organization: its own keys, and the key that created it.

import type { Key, Org, OrgRole } from "./records.ts";

/** @see docs/semantics.md, Organizations */
export function belongsTo(org: Org, key: Key): boolean {
  return org.id === key.orgId || org.createdByKeyId === key.id;
}

/** What a member with the key's scopes would be called; the scopes alone decide what it may do. */
export function roleOf({ scopes }: Key): OrgRole {
  if (scopes.includes("org.write") || scopes.includes("org.keys.write")) return "admin";
  return scopes.some((scope) => scope.endsWith(".write") || scope.endsWith(".admin")) ? "write" : "read";
}
