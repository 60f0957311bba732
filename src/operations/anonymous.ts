// Anonymous access to an organization: an identity provider whose key everybody knows, a key, and a token provider that signs with it.

import type { Clock, Entropy } from "../domain/clock.ts";
import { newId, newSecret } from "../domain/ids.ts";
import { identityProviderName } from "../domain/provider-names.ts";
import type { IdentityProvider, Key, TokenProvider } from "../domain/records.ts";
import { scopesOfUse } from "../domain/scopes.ts";
import type { Change } from "../store/port.ts";

/** The service that published clients ask for. */
const service = "anonymous-statebacked-dev";

/** What it takes, none of which exists yet. @see docs/semantics.md, Organizations */
export function anonymousAccess(orgId: string, clock: Clock, entropy: Entropy): Change[] {
  const key: Key = {
    id: newId("sbk", entropy),
    orgId,
    name: "anonymous access",
    secret: newSecret(entropy),
    scopes: [...scopesOfUse.production],
    createdAt: clock.now(),
  };
  const issuer = `https://${orgId}.anonymous.auth.statebacked.dev`;
  const identityProvider: IdentityProvider = {
    orgId,
    aud: issuer,
    iss: issuer,
    algs: ["HS256"],
    key: Buffer.from(orgId).toString("base64url"),
    mapping: { "sid.$": "$.sid", "did.$": "$.did" },
  };
  const mapping = { "sid.$": "$.sid", "did.$": "$.did", auth: "anonymous" };
  const tokenProvider: TokenProvider = { orgId, service, keyId: key.id, mapping };
  const idpName = identityProviderName(identityProvider);
  return [
    { op: "put", kind: "key", scope: orgId, name: key.id, rec: key, ifRev: 0 },
    { op: "put", kind: "idp", scope: orgId, name: idpName, rec: identityProvider, ifRev: 0 },
    { op: "put", kind: "tokenProvider", scope: orgId, name: service, rec: tokenProvider, ifRev: 0 },
  ];
}
