// Asks the server as an administrator and as end users, and counts every answer by what was asked for.

import { createHmac } from "node:crypto";
import { SignJWT } from "jose";
import type { SoakServer } from "./server.ts";

export interface Ask {
  method?: string;
  path: string;
  json?: object;
  /** Sent as it is; text is said to be JSON, whatever it is. */
  body?: FormData | string;
  /** @default the administrator's */
  token?: string;
}

/** Answers of one kind of request, by status; 0 is none at all. */
export type Counts = { [what: string]: { [status: number]: number } };

export interface Client {
  counts: Counts;
  /** What was not to be expected, the first of each kind with its answer. */
  oddities: Map<string, { count: number; first: string }>;
  count(what: string, status: number): void;
  wonder(what: string, detail: string): void;
  /** One of the end users' tokens. */
  user(n: number): string;
  /** @returns its body, or null when the answer is not one of `expected`, which is noted */
  ask(what: string, expected: readonly number[], ask: Ask): Promise<object | null>;
}

/** As many end users; the server remembers their tokens. */
const users = 200;
const patienceMs = 60_000;

export async function createClient({ url, adminToken, keyId, secretKey }: SoakServer): Promise<Client> {
  const tokens = await Promise.all(Array.from({ length: users }, (_, n) => userToken(keyId, secretKey, `user-${n}`)));
  const client: Client = {
    counts: {},
    oddities: new Map(),
    user: (n) => tokens[n % users] ?? adminToken,
    count(what, status) {
      const counts = client.counts[what] ?? {};
      counts[status] = (counts[status] ?? 0) + 1;
      client.counts[what] = counts;
    },
    wonder(what, detail) {
      const { count, first } = client.oddities.get(what) ?? { count: 0, first: detail };
      client.oddities.set(what, { count: count + 1, first });
    },
    async ask(what, expected, { method = "GET", path, json, body, token = adminToken }) {
      const sent = json ? JSON.stringify(json) : body;
      const type = typeof sent === "string" ? { "content-type": "application/json" } : {};
      const headers = { authorization: `Bearer ${token}`, ...type };
      const signal = AbortSignal.timeout(patienceMs);
      let [status, text] = [0, ""];
      try {
        const answer = await fetch(`${url}${path}`, {
          method,
          headers,
          signal,
          ...(sent === undefined ? {} : { body: sent }),
        });
        [status, text] = [answer.status, await answer.text()];
      } catch (error) {
        text = String(error);
      }
      client.count(what, status);
      if (expected.includes(status)) return text === "" ? {} : JSON.parse(text);
      client.wonder(`${what}: ${status}`, text.slice(0, 300));
      return null;
    },
  };
  return client;
}

function userToken(keyId: string, secret: string, sub: string): Promise<string> {
  const jwt = new SignJWT({ act: { sub } }).setProtectedHeader({ alg: "HS256", kid: keyId });
  return jwt.setAudience("https://api.statebacked.dev/").sign(new TextEncoder().encode(secret));
}

/** What a deletion has to say: with whose name as key, over which. */
export function confirmed(field: string, machine: string, name: string): object {
  return {
    dangerDataWillBeDeletedForever: true,
    [field]: createHmac("sha256", machine).update(name).digest("base64url"),
  };
}

/** begin → upload → finalize as current. @returns false when one of them was refused, which is noted */
export async function publish(client: Client, machine: string, code: string, indexSelectors = {}): Promise<boolean> {
  const at = `/machines/${machine}/v`;
  const begun = await client.ask("begin version", [200], { method: "POST", path: at });
  if (!begun) return false;
  const { machineVersionId, codeUploadFields } = begun as { machineVersionId: string; codeUploadFields: object };
  const body = new FormData();
  for (const [name, value] of Object.entries(codeUploadFields)) body.append(name, value);
  body.set("content-type", "application/javascript");
  body.append("file", new Blob([code], { type: "application/javascript" }), "machine.js");
  if (!(await client.ask("upload", [204], { method: "POST", path: "/_settle/uploads", body }))) return false;
  const json = { makeCurrent: true, indexSelectors };
  return (
    (await client.ask("finalize version", [200], { method: "PUT", path: `${at}/${machineVersionId}`, json })) !== null
  );
}
