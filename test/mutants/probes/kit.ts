// What several probes begin with: machines, instances, keys and exchanges.

import { SignJWT } from "jose";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { Client } from "../client.ts";

export const machine = (exports: string, config: string) =>
  `import { createMachine, assign } from "npm:xstate@5";\n${exports}\nexport default createMachine(${config});`;
export const open = "export const allowRead = () => true;\nexport const allowWrite = () => true;";

/** A light that is off. */
export async function withLight(client: Client): Promise<Client> {
  await client.publish("toggle");
  await client.create("toggle/light");
  return client;
}

export async function withOne(c: Client, name: string, context?: object): Promise<Client> {
  await c.publish(name);
  await c.create(`${name}/it`, context);
  return c;
}

/** Sends events one after the other. @returns the last answer */
export async function sendAll(c: Client, instance: string, events: unknown[]) {
  let last = { status: 0, body: {} as JsonObject };
  for (const event of events) last = await c.send(instance, event);
  return last;
}

export async function newKey(client: Client, body: object): Promise<{ id: string; secret: string }> {
  const { id, key } = (await client.call("POST", "/keys", { name: client.name("key"), ...body })).body;
  return { id: String(id), secret: String(key) };
}

export interface Exchange {
  alg?: "HS256" | "HS384";
  aud?: string;
  grantType?: string;
  orgId?: string;
  /** Given to the subject token instead of the providers' own. */
  claims?: JsonObject;
}

/** An identity provider, a token provider, and a token exchanged; each of a client's has the client's name. */
export async function exchange(client: Client, { alg = "HS256", ...rest }: Exchange = {}) {
  await provide(client, { "sub.$": "$.sub" });
  const key = await newKey(client, { scopes: ["state.read"] });
  const provider = { service: client.name("service"), keyId: key.id, mapping: { "sub.$": "$.sub" } };
  await client.call("POST", "/token-providers", provider);
  return subjectToken(client, alg, rest);
}

export function provide(client: Client, mapping: object) {
  const idp = { aud: client.name("aud"), iss: client.name("iss"), algs: ["HS256"], key: secretOf(client), mapping };
  return client.call("POST", "/idps", idp);
}

const secretOf = (client: Client) =>
  Buffer.from(`the secret of ${client.name("idp")} `.repeat(3)).toString("base64url");

export async function subjectToken(
  client: Client,
  alg: string,
  { aud, grantType, orgId, claims = {} }: Omit<Exchange, "alg"> = {},
) {
  const payload = { sub: "sue", aud: client.name("aud"), iss: client.name("iss"), ...claims, ...(aud ? { aud } : {}) };
  const token = new SignJWT(payload).setProtectedHeader({ alg }).setExpirationTime("5m");
  const form = new URLSearchParams({
    grant_type: grantType ?? "urn:ietf:params:oauth:grant-type:token-exchange",
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    audience: `https://tokens.statebacked.dev/${orgId ?? client.server.orgId}/${client.name("service")}`,
    subject_token: await token.sign(Buffer.from(secretOf(client), "base64url")),
  });
  return client.call("POST", "/tokens", form, { token: null });
}
