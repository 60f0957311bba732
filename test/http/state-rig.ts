// A server with something of everything in its store, and what the API shows of it.

import { createHash } from "node:crypto";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Rig } from "./rig.ts";

/** Counts, can be told to wait, rings a minute after it was wound, and is indexed by its owner. */
const clockMachine = `import { setup, assign } from "npm:xstate@5";
export const allowRead = () => true;
export const allowWrite = ({ type, event }) => { console.log("asked about", type, event?.type); return true; };
export default setup({}).createMachine({
  initial: "still", context: { owner: "ada", public: { n: 0 } },
  on: { ADD: { actions: assign({ public: ({ context }) => ({ n: context.public.n + 1 }) }) } },
  states: {
    still: { on: { WIND: "wound" } },
    wound: { after: { 60000: "rung" } },
    rung: { on: { WIND: "wound" } } } });`;

const migration = `export const upgradeState = (path) => path;
export const upgradeContext = (o, n, context) => context;`;

/** What a test may need to know of it: a second key, and a second organization. */
export interface Furniture {
  secret: string;
  keyId: string;
  branch: string;
}

export async function furnish(rig: Rig): Promise<Furniture> {
  const expectOk = async (method: string, path: string, json?: unknown) => {
    const answer = await rig.call(method, path, json === undefined ? {} : { json });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  await expectOk("POST", "/machines", { slug: "clock", indexes: ["owner"] });
  const version = async (code: string) => {
    const { machineVersionId, codeUploadFields } = await rig.begin("clock");
    await rig.upload(codeUploadFields, code);
    const body = { makeCurrent: true, indexSelectors: { owner: "$.owner" } };
    return String((await expectOk("PUT", `/machines/clock/v/${machineVersionId}`, body)).machineVersionId);
  };
  const one = await version(clockMachine);
  await expectOk("POST", "/machines/clock", { slug: "hall" });
  await expectOk("POST", "/machines/clock/i/hall/events", { event: "ADD" });
  await expectOk("POST", "/machines/clock/i/hall/events", { event: "WIND" });
  const two = await version(`${clockMachine}\n// The second.`);
  const between = { fromMachineVersionId: one, toMachineVersionId: two };
  const begun = await expectOk("POST", "/machines/clock/migrations", between);
  await rig.upload(begun.codeUploadFields as { [name: string]: string }, migration);
  await expectOk("PUT", `/machines/clock/migrations/${String(begun.machineVersionMigrationId)}`);
  await expectOk("PUT", "/machines/clock/i/hall/v", { targetMachineVersionId: two });
  await expectOk("POST", "/machines/clock", { slug: "attic" });
  await expectOk("PUT", "/machines/clock/i/attic/status", { status: "paused" });
  const { id, key } = await expectOk("POST", "/keys", { name: "second", use: "production" });
  const provider = { aud: "shop", iss: "https://issuer.example", algs: ["HS256"], mapping: { "sub.$": "$.sub" } };
  await expectOk("POST", "/idps", { ...provider, key: providerKey });
  await expectOk("POST", "/token-providers", { service: "shop", keyId: id, mapping: { "sub.$": "$.sub" } });
  await expectOk("POST", "/token-providers", { service: "own", keyId: rig.server.keyId, mapping: {} });
  const { id: branch } = await expectOk("POST", "/orgs", { name: "branch" });
  await rig.call("POST", "/machines", { json: { slug: "till" }, headers: { "x-statebacked-org-id": String(branch) } });
  await expectOk("POST", "/org-members", { email: "ada@example.com", role: "read" });
  return { secret: String(key), keyId: String(id), branch: String(branch) };
}

export const providerSecret = createHash("sha256").update("a secret of an identity provider").digest();
const providerKey = providerSecret.toString("base64url");

/** What the API tells of everything, with the caller's own organization and first key left out. */
export async function shownBy(rig: Rig): Promise<JsonObject> {
  const paths = [
    ...[
      "/machines",
      "/machines/clock",
      "/machines/clock/v",
      "/machines/clock/i",
      "/machines/clock/indexes/owner/query",
      "/keys",
      "/idps",
      "/token-providers",
      "/orgs",
    ],
    ...["hall", "attic"].flatMap((slug) => ["", "/admin", "/events"].map((what) => `/machines/clock/i/${slug}${what}`)),
    `/logs?${new URLSearchParams({ from: new Date(0).toISOString() })}`,
  ];
  const shown: JsonObject = {};
  for (const path of paths) {
    const { status, body } = await rig.call("GET", path);
    shown[path] = { status, body: body };
  }
  const { orgId, keyId } = rig.server;
  // Each store has made those two itself, at its own time.
  const text = JSON.stringify(shown, (_key, value) =>
    value?.id === orgId || value?.id === keyId ? { ...value, createdAt: undefined } : value,
  );
  return JSON.parse(text.replaceAll(orgId, "(own org)").replaceAll(keyId, "(first key)")) as JsonObject;
}

export async function documentOf(rig: Rig, query = ""): Promise<string> {
  const response = await fetch(`${rig.server.url}/_settle/state${query}`, {
    headers: { authorization: `Bearer ${rig.server.adminToken}` },
  });
  if (response.status !== 200) throw new Error(await response.text());
  return response.text();
}
