// The scopes a key may hold, and the sets of them that have a name.

/** Every scope the API document knows. The bootstrap key holds them all. */
export const allScopes = [
  "events.write",
  "events.read",
  "state.read",
  "instances.read",
  "instances.write",
  "instances.admin",
  "indexes.read",
  "machines.read",
  "machines.write",
  "machines.admin",
  "machine-versions.read",
  "machine-versions.write",
  "analytics.read",
  "org.read",
  "org.write",
  "org.keys.write",
  "org-members.write",
  "logs.read",
  "tokens.admin",
] as const;

export type KeyUse = "production" | "ci";

/** What a key's `use` stands for. @see docs/semantics.md, Scopes */
export const scopesOfUse: { readonly [use in KeyUse]: readonly (typeof allScopes)[number][] } = {
  production: ["events.write", "state.read", "instances.write", "indexes.read"],
  ci: ["machines.read", "machines.write", "machine-versions.read", "machine-versions.write"],
};
