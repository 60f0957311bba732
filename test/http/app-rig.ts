// The edge on services of its own: a store that a test can put keys into, operations that a test can replace, and what was logged.

import { SignJWT } from "jose";
import supertest from "supertest";
import { ensureCredentials } from "../../src/bootstrap.ts";
import type { Key } from "../../src/domain/records.ts";
import { createSandboxEngine } from "../../src/engine/sandbox.ts";
import type { AppOptions } from "../../src/http/app.ts";
import { createApp } from "../../src/http/app.ts";
import type { RemoteKeySetOptions } from "../../src/jwks/remote.ts";
import { createRemoteKeySets } from "../../src/jwks/remote.ts";
import { createLogKeeper } from "../../src/operations/log-keeper.ts";
import { publishMachine } from "../../src/operations/publish.ts";
import type { Services } from "../../src/operations/services.ts";
import { createUpdates } from "../../src/operations/updates.ts";
import { systemEntropy, wallClock } from "../../src/outside.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Store } from "../../src/store/port.ts";

export interface AppRig {
  services: Services;
  store: Store;
  orgId: string;
  adminToken: string;
  /** Everything that was logged as an error. */
  errors: string[];
  /** What whoever runs the server was told. */
  notices: string[];
  /** With the admin token unless `token` says otherwise; the body as text is sent as it is. */
  call(
    method: string,
    path: string,
    options?: { token?: string; body?: object | string; headers?: Headers },
  ): Promise<Answer>;
  /** A new key with these scopes, of the store's first organization or another one. */
  key(scopes: readonly string[], orgId?: string): Promise<Key>;
  /** Makes this code the machine's current version, and creates instances of it. */
  publish(machine: string, code: string, ...slugs: string[]): Promise<void>;
  /** @returns where it then listens, for what takes a real socket */
  listen(): Promise<string>;
  close(): Promise<void>;
}
type Headers = { [name: string]: string };
type Answer = Pick<supertest.Response, "status" | "body" | "headers" | "text">;

const time = Date.UTC(2026, 0, 1);

export interface AppRigOptions extends Partial<AppOptions> {
  /** How key sets of identity providers are read. */
  keySets?: Partial<RemoteKeySetOptions>;
}

export async function startAppRig({ keySets, ...options }: AppRigOptions = {}): Promise<AppRig> {
  const errors: string[] = [];
  const notices: string[] = [];
  const store = createMemoryStore();
  const clock = { now: () => time };
  const entropy = systemEntropy;
  const { orgId, adminToken, uploadSecret } = await ensureCredentials(store, { clock, wallClock, entropy });
  const engine = createSandboxEngine({ cpuTimeoutMs: 1_000, onLog: () => {}, onTrouble: () => {} });
  const settings = { settleTimeoutMs: 1_000, pageSize: 100, uploadSecret };
  const notice = (message: string) => void notices.push(message);
  const services: Services = {
    store,
    engine,
    clock,
    wallClock,
    entropy,
    settings,
    updates: createUpdates(),
    logs: createLogKeeper(store, clock),
    keySets: createRemoteKeySets({ clock: wallClock, onTrouble: notice, ...keySets }),
    notice,
  };
  const app = await createApp({
    services,
    publicUrl: undefined,
    responseCheck: "strict",
    owner: { adminToken, orgId },
    isReady: () => true,
    version: "0.0.0",
    log: ({ level, message }) => void (level === "error" && errors.push(message)),
    ...options,
  });
  await app.ready();
  let keys = 0;
  const rig: AppRig = {
    services,
    store,
    orgId,
    adminToken,
    errors,
    notices,
    async call(method, path, { token = adminToken, body, headers = {} } = {}) {
      const verb = method.toLowerCase() as "get";
      const test = supertest(app.routing)[verb](path).type("json");
      test.set({ authorization: `Bearer ${token}`, ...headers });
      return body === undefined ? test : test.send(body);
    },
    async key(scopes, keyOrgId = orgId) {
      const id = `sbk_${++keys}`;
      const rec: Key = {
        id,
        orgId: keyOrgId,
        name: id,
        secret: `sbsec_${id}_${"x".repeat(32)}`,
        scopes: [...scopes],
        createdAt: time,
      };
      await store.commit([{ op: "put", kind: "key", scope: keyOrgId, name: id, rec, ifRev: 0 }]);
      return rec;
    },
    async publish(machine, code, ...slugs) {
      await publishMachine(services, orgId, machine, code, "");
      for (const slug of slugs) await rig.call("POST", `/machines/${machine}`, { body: { slug } });
    },
    listen: () => app.listen({ host: "127.0.0.1", port: 0 }),
    async close() {
      await app.close();
      await engine.close();
      await store.close();
    },
  };
  return rig;
}

/** A token signed by this very key. */
export function signedBy({ id, secret }: Pick<Key, "id" | "secret">, act: unknown = { sub: "ada" }): Promise<string> {
  return new SignJWT({ act })
    .setProtectedHeader({ alg: "HS256", kid: id })
    .setAudience("https://api.statebacked.dev/")
    .sign(new TextEncoder().encode(secret));
}
