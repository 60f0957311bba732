// The valid journey through Prism, the second judge: every operation there is, and not one response that violates the document.

import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { ServerOptions, SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";
import { operationTable } from "../../src/operations/table.ts";
import type { Prism } from "./prism.ts";
import { startPrism } from "./prism.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const code = `import { assign, fromPromise, setup } from "npm:xstate@5";
  export const allowRead = ({ authContext, context }) => authContext.sub === context.owner;
  export const allowWrite = ({ authContext, context }) => authContext.sub === context.owner;
  const handler = ({ body }) => ({ machineInstanceName: "mapped", event: { type: "ADD", price: body?.price ?? 0 },
    authContext: { sub: "ann" }, initialContext: { owner: "ann" } });
  export const httpApiMapper = {
    price: { handler, responseMapper: ({ state }) => ({ statusCode: 202, headers: {}, body: { state } }) },
    ping: { handler, responseMapper: () => ({ statusCode: 200, headers: {}, body: "pong" }) } };
  export default setup({ actors: { charge: fromPromise(async () => { console.log("charging"); return "receipt 7"; }) } }).createMachine({
    context: { owner: "", public: { total: 0 } }, initial: "open",
    states: {
      open: { tags: ["editable"], on: {
        ADD: { actions: assign({ public: ({ context, event }) => ({ total: context.public.total + event.price }) }) },
        PAY: "paying" } },
      paying: { invoke: { src: "charge", onDone: { target: "paid", actions: assign({ public: ({ context, event }) => ({ ...context.public, receipt: event.output }) }) } } },
      paid: { type: "final" } } });`;

const problemType = "application/problem+json";

interface Answer {
  status: number;
  body: { [member: string]: unknown };
  /** What Prism found wrong, in its own words; empty when it found nothing. */
  violations: string;
}

async function send(url: string, method: string, token: string, body?: object, act?: object): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(act ? { "x-statebacked-act": JSON.stringify(act) } : {}),
    // A form labels itself.
    ...(body && !(body instanceof URLSearchParams) ? { "content-type": "application/json" } : {}),
  };
  const payload = body instanceof URLSearchParams ? body : JSON.stringify(body);
  const response = await fetch(url, { method, headers, ...(body ? { body: payload } : {}) });
  const text = await response.text();
  const judged = response.headers.get("content-type")?.startsWith(problemType) ? text : "";
  const parsed = (text === "" ? {} : JSON.parse(text)) as Answer["body"];
  return {
    status: response.status,
    body: parsed,
    violations: `${response.headers.get("sl-violations") ?? ""}${judged}`,
  };
}

describe("Prism finds nothing wrong with", () => {
  let server: SettleServer;
  let prism: Prism;
  const called = new Set<string>();
  const logged: string[] = [];
  const ann = { sub: "ann" };

  beforeAll(async () => {
    const log: ServerOptions["log"] = (entry) => void logged.push(JSON.stringify(entry));
    server = await startServer({ port: 0, store: "memory:", log });
    prism = await startPrism(server.url);
  });
  afterAll(async () => {
    await prism?.close();
    await server?.close();
  });

  async function call(operationId: string, line: string, body?: object, act: object = ann): Promise<Answer> {
    called.add(operationId);
    const [method = "", path] = line.split(" ");
    const answer = await send(`${prism.url}${path}`, method, server.adminToken, body, act);
    expect({ line, violations: answer.violations }).toEqual({ line, violations: "" });
    return answer;
  }

  /** Bytes don't go through Prism: it reads every body as text, and the upload URL is no part of the document. */
  async function upload({ codeUploadUrl, codeUploadFields }: Answer["body"], text = code): Promise<void> {
    const form = new FormData();
    for (const [name, value] of Object.entries(codeUploadFields as { [name: string]: string }))
      form.append(name, value);
    form.append("file", new Blob([text], { type: "application/javascript" }));
    const response = await fetch(String(codeUploadUrl), { method: "POST", body: form });
    expect(response.ok).toBe(true);
  }

  test("publishing a machine", async () => {
    expect(await call("createMachine", "POST /machines", { slug: "cart", indexes: ["owner"] })).toMatchObject({
      status: 201,
    });
    const begun = await call("createMachineVersion", "POST /machines/cart/v", {});
    await upload(begun.body);
    const signedId = String(begun.body.machineVersionId);
    const details = { clientInfo: "v1", makeCurrent: true, indexSelectors: { owner: "$.owner" } };
    const finalized = await call("finalizeMachineVersion", `PUT /machines/cart/v/${signedId}`, details);
    const { machineVersionId } = finalized.body;
    expect(await call("getMachine", "GET /machines/cart")).toMatchObject({
      body: { machine: { currentVersion: { id: machineVersionId, clientInfo: "v1" } } },
    });
    expect(await call("listMachines", "GET /machines")).toMatchObject({ body: { machines: [{ slug: "cart" }] } });
    expect(await call("listMachineVersions", "GET /machines/cart/v")).toMatchObject({
      body: { versions: [{ id: machineVersionId }] },
    });
  });

  test("an instance's life", async () => {
    const open = { state: "open", tags: ["editable"], done: false, publicContext: { total: 0 } };
    const paid = { state: "paid", tags: [], done: true, publicContext: { total: 5, receipt: "receipt 7" } };
    const creation = { slug: "c1", context: { owner: "ann", note: "private" } };
    expect(await call("createMachineInstance", "POST /machines/cart", creation)).toMatchObject({
      status: 200,
      body: open,
    });
    const add = { event: { type: "ADD", price: 5 } };
    const sent = await call("sendMachineInstanceEvent", "POST /machines/cart/i/c1/events", add);
    expect(sent).toMatchObject({ body: { ...open, publicContext: { total: 5 } } });
    await call("sendMachineInstanceEvent", "POST /machines/cart/i/c1/events", { event: "PAY" });
    expect(await call("getMachineInstance", "GET /machines/cart/i/c1")).toMatchObject({ status: 200, body: paid });
    const history = await call("listMachineInstanceTransitions", "GET /machines/cart/i/c1/events");
    expect(history.body.transitions).toMatchObject([{ state: "open" }, { state: "paying" }, { state: "paid" }]);
    const inside = await call("getMachineInstanceAdmin", "GET /machines/cart/i/c1/admin");
    expect(JSON.stringify(inside.body)).toContain("private");
    expect(await call("listMachineInstances", "GET /machines/cart/i")).toMatchObject({
      body: { instances: [{ slug: "c1" }] },
    });
  });

  test("finding it by an index, and what it printed", async () => {
    const query = "GET /machines/cart/indexes/owner/query?op=gte&value=a&dir=desc&limit=1";
    const found = await call("queryMachineInstances", query);
    expect(found).toMatchObject({ status: 200, body: { instances: [{ slug: "c1", indexValue: "ann" }] } });
    const logs = await call("getLogs", "GET /logs?from=2020-01-01T00:00:00.000Z&machine=cart&instance=c1");
    expect(logs).toMatchObject({ status: 200, body: { logs: [{ log: "charging", outputType: "stdout" }] } });
  });

  test("organizations, keys and the people in them", async () => {
    const { id } = (await call("createOrg", "POST /orgs", { name: "shop" })).body;
    const { body } = await call("listOrgs", "GET /orgs");
    expect(body.orgs).toMatchObject([
      { id: server.orgId, role: "admin" },
      { id, name: "shop" },
    ]);
    const key = (await call("createKey", "POST /keys", { name: "k", use: "production" })).body;
    expect(JSON.stringify((await call("listKeys", "GET /keys")).body)).toContain(String(key.id));
    expect((await call("deleteKey", `DELETE /keys/${key.id}`)).status).toBe(204);
    expect((await call("deleteKey", `DELETE /keys/${server.keyId}`)).status).toBe(409);
    expect((await call("getBilling", "GET /billing")).body.url).toContain("/_settle/billing");
    const invitation = { email: "ada@example.org", role: "read" };
    expect((await call("sendInvitation", "POST /org-members", invitation)).status).toBe(201);
    const [, code] = /--invitation (inv_\S+)"/.exec(logged.at(-1) ?? "") ?? [];
    expect((await call("acceptInvitation", `PUT /${code}`)).status).toBe(204);
  });

  test("a token exchange", async () => {
    const keyId = String((await call("createKey", "POST /keys", { name: "app", scopes: ["state.read"] })).body.id);
    const mapping = { "sub.$": "$.sub" };
    const issuer = { iss: "https://login.example.org/", aud: "shop" };
    const provider = { ...issuer, algs: ["HS256"], key: Buffer.from("secret").toString("base64url"), mapping };
    expect((await call("upsertIdentityProvider", "POST /idps", provider)).status).toBe(204);
    const { idps } = (await call("listIdentityProviders", "GET /idps")).body;
    expect(idps).toContainEqual({ ...issuer, algs: ["HS256"], mapping });
    const tokenProvider = { service: "shop", keyId, mapping };
    expect((await call("upsertTokenProvider", "POST /token-providers", tokenProvider)).status).toBe(204);
    const { tokenProviders } = (await call("listTokenProviders", "GET /token-providers")).body;
    expect(tokenProviders).toContainEqual(tokenProvider);
    const subjectToken = await new SignJWT({ ...issuer, sub: "ada" })
      .setProtectedHeader({ alg: "HS256" })
      .sign(new TextEncoder().encode("secret"));
    const form = (token: string) =>
      new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
        audience: `https://tokens.statebacked.dev/${server.orgId}/shop`,
        subject_token: token,
      });
    const exchanged = await call("exchangeToken", "POST /tokens", form(subjectToken));
    expect([exchanged.status, exchanged.body.token_type]).toEqual([200, "Bearer"]);
    expect(decodeJwt(String(exchanged.body.access_token)).act).toEqual({ sub: "ada" });
    const refused = await call("exchangeToken", "POST /tokens", form(`${subjectToken}x`));
    expect([refused.status, refused.body.error]).toEqual([400, "invalid_request"]);
    expect((await call("deleteTokenProvider", "DELETE /token-providers/shop")).status).toBe(204);
    expect((await call("deleteIdentityProvider", "DELETE /idps", issuer)).status).toBe(204);
  });

  test("the refusals that a valid request can meet", async () => {
    const taken = await call("createMachineInstance", "POST /machines/cart", { slug: "c1", context: { owner: "ann" } });
    const refused = await call("getMachineInstance", "GET /machines/cart/i/c1", undefined, { sub: "bob" });
    const absent = await call("getMachineInstance", "GET /machines/cart/i/c9");
    const unknown = await call("createMachineInstance", "POST /machines/nobody", { slug: "c1" });
    const codes = [taken, refused, absent, unknown].map(({ status, body }) => [status, body.code]);
    expect(codes).toEqual([
      [409, expect.any(String)],
      [403, "rejected-by-machine-authorizer"],
      [404, "not-found"],
      [404, "not-found"],
    ]);
  });

  test("a machine's own HTTP API, by every method", async () => {
    const path = `/http-api/${server.orgId}/machines/cart`;
    for (const method of ["Get", "Put", "Post", "Delete", "Options", "Patch"]) {
      const body = ["Get", "Options"].includes(method) ? undefined : { price: 1 };
      const answer = await call(`sendHttpApi${method}`, `${method.toUpperCase()} ${path}/price`, body);
      expect(answer).toMatchObject({ status: 202, body: { state: "open" } });
    }
    // Prism would read JSON out of nothing if the answer to a HEAD were labelled so.
    expect(await call("sendHttpApiHead", `HEAD ${path}/ping`)).toMatchObject({ status: 200 });
    expect(await call("getMachineInstance", "GET /machines/cart/i/mapped")).toMatchObject({
      body: { publicContext: { total: 4 } },
    });
    expect(await call("sendHttpApiPost", `POST ${path}/none`)).toMatchObject({
      status: 404,
      body: { code: "not-found" },
    });
  });

  test("a request for the realtime socket that is no handshake: Prism carries no sockets, so this is all it can see", async () => {
    const plain = await call("openRealtime", "GET /rt?token=any");
    expect([plain.status, plain.body.parameter]).toEqual([400, "upgrade"]);
  });

  test("moving an instance to another version", async () => {
    const { body: before } = await call("getMachine", "GET /machines/cart");
    const from = (before.machine as { currentVersion: { id: string } }).currentVersion.id;
    const next = await call("createMachineVersion", "POST /machines/cart/v", {});
    await upload(next.body, code.replace("editable", "edited"));
    const finalizing = `PUT /machines/cart/v/${next.body.machineVersionId}`;
    const to = (await call("finalizeMachineVersion", finalizing, {})).body.machineVersionId;
    await call("createMachineInstance", "POST /machines/cart", { slug: "c2", context: { owner: "ann" } });
    const desire = { targetMachineVersionId: to };
    const early = await call("setDesiredMachineVersion", "PUT /machines/cart/i/c2/v", desire);
    expect([early.status, early.body.code]).toEqual([400, "no-migration-path"]);
    const ends = { fromMachineVersionId: from, toMachineVersionId: to };
    const begun = await call("createMigration", "POST /machines/cart/migrations", ends);
    const same =
      "export const upgradeState = (path) => path; export const upgradeContext = (o, n, context) => context;";
    await upload(begun.body, same);
    const signed = begun.body.machineVersionMigrationId;
    expect(await call("finalizeMigration", `PUT /machines/cart/migrations/${signed}`)).toMatchObject({ status: 200 });
    expect(await call("setDesiredMachineVersion", "PUT /machines/cart/i/c2/v", desire)).toMatchObject({ status: 201 });
    const pending = await call("getMachineInstanceAdmin", "GET /machines/cart/i/c2/admin");
    expect(pending).toMatchObject({ body: { machineVersion: { id: from }, desiredMachineVersion: { id: to } } });
    const add = { event: { type: "ADD", price: 5 } };
    const sent = await call("sendMachineInstanceEvent", "POST /machines/cart/i/c2/events", add);
    expect(sent).toMatchObject({ status: 200, body: { tags: ["edited"], publicContext: { total: 5 } } });
    const history = await call("listMachineInstanceTransitions", "GET /machines/cart/i/c2/events");
    expect(history.body.transitions).toMatchObject([
      { event: { type: "statebacked.upgrade" } },
      { event: { type: "ADD" } },
    ]);
  });

  test("pausing and deleting", async () => {
    const status = "PUT /machines/cart/i/c2/status";
    expect(await call("setMachineInstanceStatus", status, { status: "paused" })).toMatchObject({ status: 204 });
    const refused = await call("sendMachineInstanceEvent", "POST /machines/cart/i/c2/events", { event: "PAY" });
    expect([refused.status, refused.body.code]).toEqual([409, "invalid-state"]);
    const hmac = (name: string) => createHmac("sha256", "cart").update(name).digest("base64url");
    const confirm = (name: string, field: string) => ({ dangerDataWillBeDeletedForever: true, [field]: hmac(name) });
    const machineField = "hmacSha256OfMachineNameWithMachineNameKey";
    const early = await call("deleteMachine", "DELETE /machines/cart", confirm("cart", machineField));
    expect([early.status, early.body.code]).toEqual([409, "invalid-state"]);
    const field = "hmacSha256OfMachineInstanceNameWithMachineNameKey";
    const wrong = await call("deleteMachineInstance", "DELETE /machines/cart/i/c2", confirm("c1", field));
    expect([wrong.status, wrong.body.parameter]).toEqual([400, field]);
    for (const slug of ["c1", "c2", "mapped"]) {
      const deleted = await call("deleteMachineInstance", `DELETE /machines/cart/i/${slug}`, confirm(slug, field));
      expect(deleted.status).toBe(204);
    }
    const last = await call("deleteMachine", "DELETE /machines/cart", confirm("cart", machineField));
    expect(last.status).toBe(204);
    expect((await call("getMachine", "GET /machines/cart")).status).toBe(404);
  });

  test("any operation there is: none was left out", () => {
    expect([...called].sort()).toEqual(Object.keys(operationTable).sort());
  });
});

describe("Prism does find what is wrong with", () => {
  const state = { ts: 1, state: "a", tags: [], done: false };
  /** Undeclared statuses are but warnings to it, which come in a header beside the answer. */
  const wrong: { [slug: string]: { status?: number; type?: string; body: object; words: string } } = {
    incomplete: { body: { ...state, done: undefined }, words: "must have required property 'done'" },
    mistyped: { body: { ...state, tags: "none" }, words: "tags must be array" },
    undeclared: { status: 418, body: { error: "short and stout", code: "teapot" }, words: "returned status code" },
    mislabelled: { type: "application/xml", body: state, words: "received media type" },
    nameless: { status: 404, body: { message: "no such instance" }, words: "must have required property" },
  };
  const server = createServer((request, response) => {
    const {
      status = 200,
      type = "application/json",
      body,
    } = wrong[request.url?.split("/").at(-1) ?? ""] ?? { body: state };
    response.writeHead(status, { "content-type": type }).end(JSON.stringify(body));
  });
  let prism: Prism;

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    prism = await startPrism(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterAll(async () => {
    await prism?.close();
    server.closeAllConnections();
    server.close();
  });

  test.each(Object.entries(wrong))("an answer that is %s", async (slug, { words }) => {
    const { violations } = await send(`${prism.url}/machines/m/i/${slug}`, "GET", "token");
    expect(violations).toContain(words);
  });

  test("nothing, when nothing is", async () => {
    expect(await send(`${prism.url}/machines/m/i/right`, "GET", "token")).toEqual({
      status: 200,
      body: state,
      violations: "",
    });
  });
});
