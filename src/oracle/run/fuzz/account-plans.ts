// The plans of the operations on organizations, keys and tokens: they leave what they don't own alone, and make no more than they must.

import type { Plan } from "./plan.ts";

const ofTokens: Plan = { needs: ["tokens"], often: "freely", detail: async () => ({}) };
const ofOrgs: Plan = { needs: ["orgs"], often: "freely", detail: async () => ({}) };

/** Constants that no path is hidden in. */
const mapping = { "sub.$": "$.sub", from: "fuzz" };

const tokens: { [operationId: string]: Plan } = {
  listIdentityProviders: ofTokens,
  upsertIdentityProvider: {
    needs: ["tokens"],
    often: "freely",
    detail: async (_, fixture, __, { tail }) => {
      // Replaced again and again, so that one is left to take away.
      const { value } = await fixture.shared("identity provider to replace", async () => {
        return { value: fixture.newIssuer(), trail: [] };
      });
      const { iss, key } = value;
      return { body: { iss, key, algs: ["HS256"], mapping: { ...mapping, tail } } };
    },
  },
  deleteIdentityProvider: {
    needs: ["tokens"],
    often: "rarely",
    detail: async (body, fixture, purpose) => {
      const make = () => fixture.newIdentityProvider();
      const { value, trail } = await (purpose === "accept" ? make() : fixture.shared("doomed identity provider", make));
      const { aud, ...rest } = body;
      return { body: { ...rest, iss: value.iss }, trail };
    },
  },
  listTokenProviders: ofTokens,
  upsertTokenProvider: {
    needs: ["tokens", "keys"],
    often: "freely",
    detail: async (body, fixture, _, { tail }) => {
      const { value: keyId, trail } = await fixture.key();
      const { value: service } = await fixture.shared("service to replace", async () => {
        return { value: fixture.newName("service"), trail: [] };
      });
      return { body: { ...body, service, keyId, mapping: { ...mapping, tail } }, trail };
    },
  },
  deleteTokenProvider: {
    needs: ["tokens", "keys"],
    often: "rarely",
    detail: async (_, fixture, purpose) => {
      const make = () => fixture.newTokenProvider();
      const { value, trail } = await (purpose === "accept" ? make() : fixture.shared("doomed token provider", make));
      return { params: { service: value }, trail };
    },
  },
  exchangeToken: {
    needs: ["tokens", "keys"],
    often: "rarely",
    detail: async (body, fixture) => {
      const issuer = await fixture.shared("trusted identity provider", () => fixture.newIdentityProvider());
      const provider = await fixture.shared("token provider", () => fixture.newTokenProvider());
      const { iss, secret } = issuer.value;
      const type = body.subject_token_type === undefined ? {} : { subject_token_type: String(body.subject_token_type) };
      const form = {
        grant_type: String(body.grant_type),
        requested_token_type: String(body.requested_token_type),
        audience: `https://tokens.statebacked.dev/${fixture.run.target.orgId}/${provider.value}`,
        subject_token: { $jwt: { secret, claims: { iss, sub: "fuzz" } } },
        ...type,
      };
      return { form, trail: [...issuer.trail, ...provider.trail] };
    },
  },
};

const orgs: { [operationId: string]: Plan } = {
  listOrgs: ofOrgs,
  createOrg: {
    needs: ["orgs"],
    often: "once",
    detail: async (body, fixture) => ({ body: { ...body, name: fixture.newName("org"), allowAnonymousAccess: false } }),
  },
  sendInvitation: {
    needs: ["orgs"],
    often: "once",
    detail: async (body, fixture, _, sample) => {
      const { value, trail } = await fixture.shared("org", () => fixture.newOrg());
      // Of a domain that gets no mail (RFC 2606), to an organization of the run's own.
      const invitation = { ...body, email: `${fixture.newName("guest")}@example.invalid`, role: "read" };
      const params = { "x-statebacked-org-id": value };
      return sample.body?.contentType === "text/plain"
        ? { params, text: JSON.stringify({ email: invitation.email, role: "read" }), trail }
        : { params, body: invitation, trail };
    },
  },
  getBilling: ofOrgs,
};

const keys: { [operationId: string]: Plan } = {
  listKeys: { ...ofTokens, needs: ["tokens", "keys"] },
  createKey: {
    needs: ["keys"],
    often: "once",
    detail: async (body, fixture) => ({ body: { ...body, name: fixture.newName("key") } }),
    follow: async (_, __, fixture, { json }) => {
      const { id } = json as { id?: unknown };
      if (typeof id === "string") await fixture.make("deleteKey", { params: { keyId: id } });
    },
  },
  deleteKey: {
    needs: ["keys"],
    often: "once",
    detail: async (_, fixture, purpose) => {
      const make = () => fixture.newKey();
      // Never a key that is not the run's own.
      const { value, trail } = await (purpose === "accept" ? make() : fixture.shared("doomed key", make));
      return { params: { keyId: value }, trail };
    },
  },
};

export const accountPlans: { readonly [operationId: string]: Plan } = { ...tokens, ...orgs, ...keys };
