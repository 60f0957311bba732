// How identity providers are told apart, and which of them a token could be from: by its `aud` and `iss`, compared as strings.

/** Either may be missing, but not both. */
export interface ProviderClaims {
  aud?: string | undefined;
  iss?: string | undefined;
}

/** The name of the record of the identity provider that expects these claims. */
export function identityProviderName({ aud, iss }: ProviderClaims): string {
  return JSON.stringify([aud ?? null, iss ?? null]);
}

/**
 * Names of the identity providers that a token with these claims may be from, in groups: those that expect both claims, then those that
 * expect its audience alone, then the one that expects its issuer alone. Within a group each member of `aud` counts alike.
 */
export function candidateNames(audiences: readonly string[], iss: string | undefined): string[][] {
  const each = [...new Set(audiences)];
  const byBoth = iss === undefined ? [] : each.map((aud) => identityProviderName({ aud, iss }));
  const byAudience = each.map((aud) => identityProviderName({ aud }));
  const byIssuer = iss === undefined ? [] : [identityProviderName({ iss })];
  return [byBoth, byAudience, byIssuer].filter((names) => names.length > 0);
}
