// Token exchanges, and the providers and keys behind them, that grant what they should not.

import { CompactSign, decodeProtectedHeader } from "jose";
import { scopesOfUse } from "../../../src/domain/scopes.ts";
import type { Collections, Store, Stored } from "../../../src/store/port.ts";
import { bodyOf, editing, handling, withBody } from "../edits.ts";
import type { Fault, Mutant, WireRequest } from "../fault.ts";
import { withCommits, withStore } from "../ports.ts";

const exchange = "POST /tokens";
const grantType = "urn:ietf:params:oauth:grant-type:token-exchange";

export const exchangeMutants: Mutant[] = [
  {
    id: "TK-01",
    title: "subject token with an alg outside `algs` accepted",
    operation: exchange,
    fault: () => findingProviders((found) => found && { ...found, rec: { ...found.rec, algs: alike(found.rec.algs) } }),
  },
  {
    id: "TK-02",
    title: "wrong aud or iss accepted",
    operation: exchange,
    fault: () =>
      findingProviders(async (found, store, orgId, name) => {
        if (found) return found;
        const [aud, iss] = JSON.parse(name) as [string | null, string | null];
        const { items } = await store.list("idp", orgId, 0, 1_000);
        const near = items.find(({ rec }) => (aud !== null && rec.aud === aud) || (iss !== null && rec.iss === iss));
        if (!near) return null;
        const { aud: _aud, iss: _iss, ...rec } = near.rec;
        return { ...near, rec };
      }),
  },
  {
    id: "TK-04",
    title: "exchange still succeeds after idp deletion",
    operation: "DELETE /idps",
    fault: rememberingProviders,
  },
  {
    id: "TK-06",
    title: "any grant_type accepted",
    operation: exchange,
    fault: () =>
      handling("exchangeToken", (request, forward) =>
        forward(withForm(request, (form) => form.get("grant_type") && form.set("grant_type", grantType))),
      ),
  },
  {
    id: "TK-07",
    title: "token has more scopes than the provider key",
    operation: exchange,
    fault: () =>
      editing("exchangeToken", async (body, _request, { server }) => {
        const token = String(body.access_token);
        const payload = Buffer.from(token.split(".")[1] ?? "", "base64url");
        const signed = new CompactSign(payload).setProtectedHeader({
          ...decodeProtectedHeader(token),
          alg: "HS256",
          kid: server.keyId,
        });
        return { ...body, access_token: await signed.sign(new TextEncoder().encode(server.secretKey)) };
      }),
  },
  {
    id: "TK-09",
    title: "second upsert adds a row or keeps the old mapping",
    operation: "POST /idps",
    fault: () => ({
      services: (services) =>
        withCommits(services, (changes, store) =>
          Promise.all(
            changes.map(async (change) => {
              if (change.op !== "put" || change.kind !== "idp") return change;
              const before = await store.get("idp", change.scope, change.name);
              return before ? { ...change, rec: { ...change.rec, mapping: before.rec.mapping } } : change;
            }),
          ),
        ),
    }),
  },
  {
    id: "TK-11",
    title: "audience of another org accepted",
    operation: exchange,
    fault: () => exchanging((store) => ({ get: (kind, scope, name) => anywhere(store, kind, scope, name) })),
  },
  {
    id: "TK-12",
    title: "use: production grants admin scopes",
    operation: "POST /keys",
    fault: () =>
      handling("createKey", (request, forward) => {
        const body = bodyOf(request);
        if (body.use !== "production" || body.scopes !== undefined) return forward(request);
        const scopes = [...scopesOfUse.production, "instances.admin", "machines.admin", "org.keys.write"];
        return forward(withBody(request, { ...body, scopes }));
      }),
  },
];

function withForm(request: WireRequest, change: (form: URLSearchParams) => unknown): WireRequest {
  const form = new URLSearchParams(request.body.toString());
  change(form);
  return { ...request, body: Buffer.from(form.toString()) };
}

/** What verifies one of a family verifies all of it, or fails at it. */
function alike(algs: readonly string[]): string[] {
  const families = [
    ["HS256", "HS384", "HS512"],
    ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
    ["ES256", "ES384", "ES512"],
  ];
  return families
    .filter((family) => family.some((alg) => algs.includes(alg)))
    .flat()
    .concat(algs);
}

/** The store as it is while a token is exchanged; otherwise it is sound. */
function exchanging(changes: (sound: Store) => Partial<Store>): Fault {
  let underWay = 0;
  return {
    ...handling("exchangeToken", (request, forward) => {
      underWay++;
      return forward(request).finally(() => underWay--);
    }),
    services: (services) =>
      withStore(services, (sound) => {
        const faulty = changes(sound);
        return { get: (...asked) => (underWay > 0 && faulty.get ? faulty.get(...asked) : sound.get(...asked)) };
      }),
  };
}

type Provider = Stored<Collections["idp"]> | null;

function findingProviders(
  find: (found: Provider, store: Store, orgId: string, name: string) => Provider | Promise<Provider>,
): Fault {
  return exchanging((store) => ({
    async get(kind, scope, name) {
      const found = await store.get(kind, scope, name);
      if (kind !== "idp") return found;
      return (await find(found as Provider, store, scope, name)) as typeof found;
    },
  }));
}

/** The record of that name in whatever organization has it. */
async function anywhere<K extends keyof Collections>(
  store: Store,
  kind: K,
  scope: string,
  name: string,
): Promise<Stored<Collections[K]> | null> {
  const found = await store.get(kind, scope, name);
  if (found || (kind !== "idp" && kind !== "tokenProvider" && kind !== "key")) return found;
  const { items } = await store.list("org", "", 0, 1_000);
  for (const { rec } of items) {
    const elsewhere = await store.get(kind, rec.id, name);
    if (elsewhere) return elsewhere;
  }
  return null;
}

function rememberingProviders(): Fault {
  const known = new Map<string, Provider>();
  const finding = findingProviders((found, _store, orgId, name) => found ?? known.get(`${orgId} ${name}`) ?? null);
  return {
    ...finding,
    async services(services, world, life) {
      const faulty = (await finding.services?.(services, world, life)) ?? services;
      return withCommits(faulty, async (changes, store) => {
        for (const change of changes) {
          if (change.op === "delete" && change.kind === "idp")
            known.set(`${change.scope} ${change.name}`, await store.get("idp", change.scope, change.name));
        }
        return changes;
      });
    },
  };
}
