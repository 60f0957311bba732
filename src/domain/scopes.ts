// The scopes a key may hold.

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
