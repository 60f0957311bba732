// The whole state over HTTP: what is written out comes in again as it was, also elsewhere; credentials stay, secrets stay inside.

import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { ServerOptions } from "../../src/index.ts";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";
import { counts, isUpdate, openSocket } from "./socket.ts";
import { documentOf, furnish, providerSecret, shownBy } from "./state-rig.ts";

const start = Date.UTC(2026, 0, 5, 10);
const manual = { clock: "manual", clockStartMs: start } as const;

const notices: string[] = [];
let rigs: Rig[] = [];
async function begin(options: Partial<ServerOptions> = {}): Promise<Rig> {
  const rig = await startRig({ log: ({ message }) => void notices.push(message), ...options });
  rigs.push(rig);
  return rig;
}
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-state-"));
});
afterEach(async () => {
  for (const { server } of rigs) await server.close();
  rigs = [];
  await rm(folder, { recursive: true, force: true });
});

const put = (rig: Rig, text: string) => rig.call("PUT", "/_settle/state", { text });

describe("a state document", () => {
  test("has one record a line, and is JSON", async () => {
    const rig = await begin();
    await furnish(rig);
    const text = await documentOf(rig);
    const { format, version, records } = JSON.parse(text) as { format: string; version: number; records: object[] };
    expect([format, version]).toEqual(["settle-state", 1]);
    const [, ...lines] = text.trim().split("\n");
    expect(lines.pop()).toBe("]}");
    expect(lines.map((line) => JSON.parse(line.replace(/,$/, "")))).toEqual(records);
    const kinds = new Set(records.flatMap((record) => Object.keys(record)));
    expect([...kinds].sort()).toEqual(
      ["code", "idp", "instance", "key", "log", "machine", "migration", "org"].concat([
        "tokenProvider",
        "transition",
        "version",
        "work",
      ]),
    );
    expect(text).toContain("// The second.");
  });

  test("comes in as it was, and is written out the same again", async () => {
    const rig = await begin(manual);
    await furnish(rig);
    const [text, shown] = [await documentOf(rig), await shownBy(rig)];
    await rig.call("DELETE", "/token-providers/shop");
    await rig.call("POST", "/machines/clock/i/hall/events", { json: { event: "ADD" } });
    const answer = await put(rig, text);
    expect(answer).toMatchObject({ status: 200, body: { records: { machine: 2, version: 2, instance: 2, work: 1 } } });
    expect(await shownBy(rig)).toEqual(shown);
    expect(await documentOf(rig)).toBe(text);
  });

  test("comes in elsewhere: everything is the other server's, and goes on there", async () => {
    const from = await begin(manual);
    const { branch } = await furnish(from);
    const to = await begin({ ...manual, store: join(folder, "db.json") });
    expect((await put(to, await documentOf(from))).status).toBe(200);
    expect(await shownBy(to)).toEqual(await shownBy(from));
    expect(await documentOf(to)).toBe(await documentOf(from));
    const elsewhere = await to.call("GET", "/machines", { headers: { "x-statebacked-org-id": branch } });
    expect(elsewhere.body).toMatchObject({ machines: [{ slug: "till" }] });
    for (const { call, server } of [from, to]) {
      expect(await server.clock.advance(60_000)).toMatchObject({ fired: 1 });
      expect((await call("GET", "/machines/clock/i/hall")).body).toMatchObject({
        state: "rung",
        publicContext: { n: 1 },
      });
      // The event of the timer took it to the version that was desired.
      expect((await call("GET", "/machines/clock/i/hall/admin")).body).not.toHaveProperty("desiredMachineVersionId");
      expect((await call("POST", "/machines/clock/i/hall/events", { json: { event: "ADD" } })).status).toBe(200);
    }
    expect(await shownBy(to)).toEqual(await shownBy(from));
  });

  test("comes in where the same ids would be drawn again, and none is; the same document and requests give the same", async () => {
    const from = await begin(manual);
    await furnish(from);
    const text = await documentOf(from);
    const to = await begin(manual);
    const drawn: string[] = [];
    for (let turn = 0; turn < 2; turn++) {
      await put(to, text);
      drawn.push(await to.publish("open", openMachine));
      drawn.push(String((await to.call("POST", "/keys", { json: { name: "k", use: "ci" } })).body.id));
    }
    for (const id of drawn) expect(text).not.toContain(id);
    expect(drawn.slice(2)).toEqual(drawn.slice(0, 2));
  });

  test("outlives a restart, as do the credentials", async () => {
    const from = await begin();
    await furnish(from);
    const store = join(folder, "db.json");
    const to = await begin({ store });
    expect((await put(to, await documentOf(from))).status).toBe(200);
    const shown = await shownBy(to);
    expect(shown).toEqual(await shownBy(from));
    await to.server.close();
    const again = await begin({ store });
    const { orgId, keyId, secretKey, adminToken } = again.server;
    expect({ orgId, keyId, secretKey, adminToken }).toMatchObject({
      ...{ orgId: to.server.orgId, keyId: to.server.keyId },
      ...{ secretKey: to.server.secretKey, adminToken: to.server.adminToken },
    });
    expect(await shownBy(again)).toEqual(shown);
  });

  test("holds no secret, unless it is asked for", async () => {
    const rig = await begin();
    const { secret } = await furnish(rig);
    const [, code = "none"] = /(inv_[\w-]{22})$/.exec(notices.at(-1) ?? "") ?? [];
    const { adminToken, secretKey } = rig.server;
    const secrets = [secret, secretKey, adminToken, providerSecret.toString("base64url"), code, "uploadSecret"];
    const [plain, whole] = [await documentOf(rig), await documentOf(rig, "?credentials=true")];
    for (const hidden of secrets)
      expect({ hidden, inPlain: plain.includes(hidden), inWhole: whole.includes(hidden) }).toEqual({
        hidden,
        inPlain: false,
        inWhole: true,
      });
    expect(plain).not.toContain("sbsec_");
    expect((await rig.call("GET", "/_settle/state?credentials=perhaps")).body).toMatchObject({
      code: "invalid-parameter",
      parameter: "credentials",
    });
  });

  test("leaves keys and providers useful whose secrets it leaves out: here as they were, elsewhere as far as nobody needs to know them", async () => {
    const from = await begin();
    const { secret, keyId } = await furnish(from);
    const text = await documentOf(from);
    expect((await put(from, text)).status).toBe(200);
    const token = await from.token({ act: { sub: "ada" }, kid: keyId, secret });
    expect((await from.call("GET", "/machines/clock/i/hall", { token })).status).toBe(200);
    const subject = await new SignJWT({ sub: "ada" })
      .setProtectedHeader({ alg: "HS256" })
      .setAudience("shop")
      .setIssuer("https://issuer.example")
      .sign(providerSecret);
    expect((await exchange(from, "shop", subject)).status).toBe(200);

    const to = await begin();
    expect((await put(to, text)).status).toBe(200);
    expect((await to.call("GET", "/machines/clock/i/hall", { token })).body).toMatchObject({ code: "missing-user" });
    // An identity provider without its key vouches for nobody; given one, its token provider works.
    expect((await exchange(to, "shop", subject)).status).toBe(400);
    const provider = { aud: "shop", iss: "https://issuer.example", algs: ["HS256"], mapping: { "sub.$": "$.sub" } };
    await to.call("POST", "/idps", { json: { ...provider, key: providerSecret.toString("base64url") } });
    const exchanged = await exchange(to, "shop", subject);
    expect(exchanged.status).toBe(200);
    const { access_token } = (await exchanged.json()) as { access_token: string };
    expect((await to.call("GET", "/machines/clock/i/hall", { token: access_token })).status).toBe(200);
  });

  test("with credentials brings the secrets of keys along", async () => {
    const from = await begin();
    const { secret, keyId } = await furnish(from);
    const to = await begin();
    expect((await put(to, await documentOf(from, "?credentials=true"))).status).toBe(200);
    const token = await to.token({ act: { sub: "ada" }, kid: keyId, secret });
    expect((await to.call("GET", "/machines/clock/i/hall", { token })).status).toBe(200);
    expect((await to.call("GET", "/keys")).status).toBe(200);
    expect((await to.call("GET", "/keys", { token: from.server.adminToken })).status).toBe(403);
  });

  test("comes in without a length, and laid out otherwise", async () => {
    const rig = await begin();
    await furnish(rig);
    const text = await documentOf(rig);
    const laidOut = JSON.stringify(JSON.parse(text), null, 2);
    const bytes = Buffer.from(laidOut);
    const body = new ReadableStream({
      pull(controller) {
        const rest = bytes.subarray(sent, sent + 7_777);
        sent += rest.length;
        if (rest.length === 0) controller.close();
        else controller.enqueue(new Uint8Array(rest));
      },
    });
    let sent = 0;
    const headers = { authorization: `Bearer ${rig.server.adminToken}` };
    const init = { method: "PUT", headers, body, duplex: "half" } as RequestInit;
    expect((await fetch(`${rig.server.url}/_settle/state`, init)).status).toBe(200);
    expect(await documentOf(rig)).toBe(text);
  });

  test("is the owner's alone", async () => {
    const rig = await begin();
    const text = await documentOf(rig);
    for (const [method, path] of [
      ["GET", "/_settle/state"],
      ["PUT", "/_settle/state"],
      ["POST", "/_settle/reset"],
      ["GET", "/_settle/snapshots"],
      ["POST", "/_settle/snapshots"],
      ["POST", "/_settle/snapshots/x/restore"],
      ["DELETE", "/_settle/snapshots/x"],
    ] as const) {
      const token = await rig.token({ act: { sub: "settle-admin" } });
      const answer = await rig.call(method, path, { token, ...(method === "PUT" ? { text } : {}) });
      expect([path, answer.status]).toEqual([path, 401]);
    }
    expect((await rig.call("DELETE", "/_settle/state")).headers.get("allow")).toBe("GET, PUT");
  });
});

function exchange(rig: Rig, service: string, subject: string): Promise<Response> {
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    audience: `https://tokens.statebacked.dev/${rig.server.orgId}/${service}`,
    requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
    subject_token: subject,
    subject_token_type: "urn:ietf:params:oauth:token-type:access_token",
  });
  return fetch(`${rig.server.url}/tokens`, { method: "POST", body });
}

describe("while other state is put in its place", () => {
  test("requests in hand are finished by the old one, and those that come wait for the new one", async () => {
    const rig = await begin();
    await rig.publish("open", openMachine);
    await rig.call("POST", "/machines/open", { json: { slug: "a" } });
    const text = await documentOf(rig);
    const waiting = rig.call("POST", "/machines/open/i/a/events", { json: { event: { type: "WAIT", ms: 600 } } });
    await expect.poll(async () => (await rig.call("GET", "/machines/open/i/a")).body.state).toBe("waiting");
    const order: string[] = [];
    const told = waiting.then(({ body }) => order.push(`event: ${String(body.state)}`));
    const replaced = put(rig, text).then(({ status }) => order.push(`put: ${status}`));
    const seen: unknown[] = [];
    while (order.length < 2) {
      const { status, body } = await rig.call("GET", "/machines/open/i/a");
      if (status !== 200) throw new Error(JSON.stringify(body));
      seen.push(body.state);
    }
    await Promise.all([told, replaced]);
    expect(order).toEqual(["event: a", "put: 200"]);
    // Those that came before it was held still saw the old state, the others have waited for the new one.
    expect(["waiting", "a"]).toEqual(expect.arrayContaining(seen));
    expect(seen.at(-1)).toBe("a");
    // Nothing of what came after the document was written is left.
    expect((await rig.call("GET", "/machines/open/i/a/events")).body).toEqual({ transitions: [] });
    expect((await rig.call("POST", "/machines/open/i/a/events", { json: { event: "ADD" } })).body).toMatchObject({
      publicContext: { n: 1 },
    });
  });

  test("sockets are closed, and who connects again is told of the new one from its start", async () => {
    const rig = await begin();
    await rig.publish("open", openMachine);
    await rig.call("POST", "/machines/open", { json: { slug: "a" } });
    const text = await documentOf(rig);
    const add = () => rig.call("POST", "/machines/open/i/a/events", { json: { event: "ADD" } });
    for (let n = 0; n < 3; n++) await add();
    const target = `/rt?token=${rig.server.adminToken}`;
    const before = await openSocket(rig.server.url, target);
    before.subscribe("s", "a");
    expect(counts(await before.until(isUpdate))).toEqual([3]);
    await put(rig, text);
    expect(await before.closed).toBe(1012);
    const after = await openSocket(rig.server.url, target);
    after.subscribe("s", "a");
    await after.until(isUpdate);
    await add();
    expect(counts(await after.until(isUpdate, 2))).toEqual([0, 1]);
    after.socket.close();
  });

  test("code is loaded anew: an edited document counts from then on", async () => {
    const rig = await begin();
    await rig.publish("open", openMachine);
    await rig.call("POST", "/machines/open", { json: { slug: "a" } });
    const text = await documentOf(rig);
    const edited = text.replaceAll("event.by ?? 1", "event.by ?? 100");
    const refused = await put(rig, edited);
    const [, actual = ""] = /its SHA-256 is (\w+), and not/.exec(String(refused.body.error)) ?? [];
    const [, former = ""] = /and not (\w+)/.exec(String(refused.body.error)) ?? [];
    expect((await put(rig, edited.replaceAll(former, actual))).status).toBe(200);
    const { body } = await rig.call("POST", "/machines/open/i/a/events", { json: { event: "ADD" } });
    expect(body).toMatchObject({ publicContext: { n: 100 } });
  });
});

describe("a reset", () => {
  const machines = [new URL("../../fixtures/machines/counter.ts", import.meta.url).pathname];

  test("empties the store but for the credentials, and publishes the machines that come from sources", async () => {
    const rig = await begin({ machines });
    const { keyId, secret } = await furnish(rig);
    const fresh = await begin({ machines });
    expect((await rig.call("POST", "/_settle/reset")).status).toBe(204);
    const kindsOf = async (of: Rig) => (await documentOf(of)).match(/^\{"\w+":/gm);
    expect(await kindsOf(rig)).toEqual(await kindsOf(fresh));
    expect((await rig.call("GET", "/machines")).body).toMatchObject({ machines: [{ slug: "counter" }] });
    const token = await rig.token({ kid: keyId, secret, act: {} });
    expect((await rig.call("GET", "/machines", { token })).body).toMatchObject({ code: "missing-user" });
    expect((await rig.call("POST", "/machines/counter", { json: { slug: "laps" } })).status).toBe(200);
  });

  test.each([
    ["broken", "export default {"],
    ["no machine", "export default 7;"],
  ])("changes nothing when a source is %s", async (_what, source) => {
    const entry = join(folder, "laps.ts");
    await copyFile(machines[0] as string, entry);
    const rig = await begin({ machines: [folder], store: join(folder, "store", "db.json") });
    expect((await rig.call("POST", "/machines/laps", { json: { slug: "a" } })).status).toBe(200);
    const before = await documentOf(rig);
    await writeFile(entry, source);
    expect(await rig.call("POST", "/_settle/reset")).toMatchObject({
      status: 409,
      body: {
        error: expect.stringMatching(/Nothing was changed, since the machines can't be published again: .*laps/),
      },
    });
    expect(await documentOf(rig)).toBe(before);
    await copyFile(machines[0] as string, entry);
    expect((await rig.call("POST", "/_settle/reset")).status).toBe(204);
    expect((await rig.call("GET", "/machines")).body).toMatchObject({ machines: [{ slug: "laps" }] });
  });

  test("goes on with the timers of what comes after it, and with none of before", async () => {
    const rig = await begin(manual);
    await furnish(rig);
    await rig.server.reset();
    expect(await rig.server.clock.advance(120_000)).toMatchObject({ fired: 0 });
    await furnish(rig);
    expect(await rig.server.clock.advance(60_000)).toMatchObject({ fired: 1 });
  });

  test("keeps a key that may make keys when the first one was deleted", async () => {
    const rig = await begin();
    const { body } = await rig.call("POST", "/keys", {
      json: { name: "k", scopes: ["org.keys.write", "machines.read"] },
    });
    expect((await rig.call("DELETE", `/keys/${rig.server.keyId}`)).status).toBe(204);
    expect((await rig.call("POST", "/_settle/reset")).status).toBe(204);
    const token = await rig.token({ kid: String(body.id), secret: String(body.key), act: {} });
    expect((await rig.call("GET", "/machines", { token })).status).toBe(200);
  });
});

describe("the library", () => {
  test("writes the state out, puts it in, empties it, and keeps it under names", async () => {
    const { server, publish, call } = await begin({ store: join(folder, "db.json") });
    await publish("open", openMachine);
    const before = await server.state.export();
    await server.snapshots.save("first");
    await call("POST", "/machines/open", { json: { slug: "a" } });
    await server.reset();
    expect((await call("GET", "/machines")).body).toEqual({ machines: [] });
    expect(await server.state.import(before)).toMatchObject({ records: { machine: 1, version: 1 } });
    expect(await server.state.export()).toBe(before);
    await server.reset();
    await server.snapshots.restore("first");
    expect(await server.state.export()).toBe(before);
    expect(await server.snapshots.list()).toMatchObject([{ name: "first", savedAt: expect.any(Number) }]);
    expect(await readFile(join(folder, "db.snapshots", "first.json"), "utf8")).toContain("sbsec_");
    await server.snapshots.delete("first");
    await expect(server.snapshots.restore("first")).rejects.toThrow("There is no snapshot first.");
    await expect(server.state.import("{}")).rejects.toThrow("This is not a state document");
  });
});
