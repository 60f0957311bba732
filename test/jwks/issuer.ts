// An identity provider of the tests' own: it signs tokens, publishes its keys over HTTP, changes them, and can be made to misbehave.

import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { CryptoKey, JWK } from "jose";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export interface Issuer {
  /** Where its key set is. */
  jwksUrl: string;
  /** How often somebody read it. */
  reads(): number;
  /** Publishes these keys and no others. */
  publish(...keys: IssuerKey[]): void;
  /** Answers like this from now on, instead of with the key set. */
  answer(listener: RequestListener): void;
  close(): Promise<void>;
}

export interface IssuerKey {
  jwk: JWK;
  sign(claims: { [claim: string]: unknown }, options?: { kid?: string | null; expiresInS?: number }): Promise<string>;
}

/** A key pair; without a `kid` neither its JWK nor its tokens have one. */
export async function makeKey(alg: string, kid?: string): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) };
  return {
    jwk,
    sign(claims, options = {}) {
      return signWith(alg, privateKey, claims, { kid: kid ?? null, ...options });
    },
  };
}

function signWith(
  alg: string,
  key: CryptoKey,
  claims: { [claim: string]: unknown },
  { kid, expiresInS = 60 }: { kid: string | null; expiresInS?: number },
): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + expiresInS;
  return new SignJWT({ exp, ...claims }).setProtectedHeader({ alg, ...(kid === null ? {} : { kid }) }).sign(key);
}

export async function startIssuer(): Promise<Issuer> {
  let keys: JWK[] = [];
  let reads = 0;
  const publish: RequestListener = (_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify({ keys }));
  };
  let listener = publish;
  const server = createServer((request, response) => {
    reads++;
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    reads: () => reads,
    publish(...now) {
      keys = now.map(({ jwk }) => jwk);
      listener = publish;
    },
    answer(other) {
      listener = other;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
