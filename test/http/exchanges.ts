// Identity providers, token providers, subject tokens and exchanges, for the tests of the edge.

import { decodeJwt, SignJWT } from "jose";
import { expect } from "vitest";
import type { AppRig } from "./app-rig.ts";

/** The identity provider that tests trust unless they say otherwise, and its secret. */
export const iss = "https://login.example.org/";
export const aud = "shop";
export const secret = "the provider's own secret";

export type Claims = { [claim: string]: unknown };
type Answer = Awaited<ReturnType<AppRig["call"]>>;

export const base64url = (text: string | Uint8Array) => Buffer.from(text).toString("base64url");
export const nowS = () => Math.floor(Date.now() / 1_000);

/** A subject token for ada, signed with the secret; `exp` counts seconds from now. */
export function subject(
  claims: Claims = {},
  { alg = "HS256", key = secret, exp = 60 }: { alg?: string; key?: string; exp?: number | null } = {},
): Promise<string> {
  const jwt = new SignJWT({ sub: "ada", iss, aud, ...(exp === null ? {} : { exp: nowS() + exp }), ...claims });
  return jwt.setProtectedHeader({ alg }).sign(new TextEncoder().encode(key));
}

export const grant = {
  grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
  requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
};
export const formLabel = { "content-type": "application/x-www-form-urlencoded" };

/** A refused exchange. */
export const refusal = (error: string, parameter: string, words = "") => ({
  error,
  error_description: expect.stringContaining(words),
  code: "invalid-parameter",
  parameter,
});

export interface Exchanges {
  /** Its key signs the tokens of the service `app`, and those of `provide` unless told otherwise. */
  keyId: string;
  audienceOf(service: string, orgId?: string): string;
  /** Trusts an identity provider: the secret, HS256, and a mapping of sub and roles unless it says otherwise. */
  trust(provider: object): Promise<void>;
  /** @returns the status */
  distrust(provider: object): Promise<number>;
  provide(provider: object): Promise<void>;
  /** A form, or text as it is. */
  post(body: string | { [name: string]: string }, headers?: { [name: string]: string }): Promise<Answer>;
  exchange(subjectToken: string, service?: string, orgId?: string): Promise<Answer>;
  /** The `act` claim of the token that an exchange yields. */
  actOf(subjectToken: string, service?: string): Promise<unknown>;
  expectRefused(subjectToken: string, words: string): Promise<void>;
}

/** The service `app` maps sub and roles, and adds `via`. */
export async function startExchanges(rig: AppRig): Promise<Exchanges> {
  const { id: keyId } = await rig.key(["state.read", "machines.read"]);
  const exchanges: Exchanges = {
    keyId,
    audienceOf: (service, orgId = rig.orgId) => `https://tokens.statebacked.dev/${orgId}/${service}`,
    async trust(provider) {
      const mapping = { "sub.$": "$.sub", "roles.$": "$.roles" };
      const body = { algs: ["HS256"], key: base64url(secret), mapping, ...provider };
      const answer = await rig.call("POST", "/idps", { body });
      expect([answer.status, answer.body]).toEqual([204, {}]);
    },
    async distrust(provider) {
      return (await rig.call("DELETE", "/idps", { body: provider })).status;
    },
    async provide(provider) {
      const answer = await rig.call("POST", "/token-providers", { body: { keyId, mapping: {}, ...provider } });
      expect([answer.status, answer.body]).toEqual([204, {}]);
    },
    post(body, headers = formLabel) {
      const text = typeof body === "string" ? body : new URLSearchParams(body).toString();
      return rig.call("POST", "/tokens", { token: "of nobody", body: text, headers });
    },
    exchange(subject_token, service = "app", orgId = rig.orgId) {
      return exchanges.post({ ...grant, audience: exchanges.audienceOf(service, orgId), subject_token });
    },
    async actOf(subjectToken, service) {
      const answer = await exchanges.exchange(subjectToken, service);
      expect([answer.status, answer.body.error_description]).toEqual([200, undefined]);
      return decodeJwt(answer.body.access_token).act;
    },
    async expectRefused(subjectToken, words) {
      const answer = await exchanges.exchange(subjectToken);
      expect([answer.status, answer.body]).toEqual([400, refusal("invalid_request", "subject_token", words)]);
    },
  };
  await exchanges.provide({ service: "app", mapping: { "sub.$": "$.sub", "roles.$": "$.roles", via: "app" } });
  return exchanges;
}
