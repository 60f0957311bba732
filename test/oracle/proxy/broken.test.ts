// Broken upstreams behind the proxy: each fault is told once, under its rule, and its repro shows it again.

import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { SignJWT } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { type Fault, fakeCredentials, startFake } from "../fake-server.ts";
import { root, type Through, through, violated } from "./through.ts";

const run = promisify(execFile);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const machine = `import { setup, assign } from "npm:xstate@5";
  export const allowRead = () => true; export const allowWrite = () => true;
  export default setup({}).createMachine({ initial: "on", context: { public: { n: 0 } },
    states: { on: { on: { ADD: { actions: assign({ public: ({ context }) => ({ n: context.public.n + 1 }) }) } } } } });`;

async function behind(fault?: Fault): Promise<{ proxy: Through; upstream: string }> {
  const fake = await startFake(fault);
  const proxy = await through(fake.url);
  closers.push(fake.close, proxy.close);
  return { proxy, upstream: fake.url };
}

function tokenFor(claims: object = {}): Promise<string> {
  return new SignJWT({ act: { sub: "ada" }, exp: Math.floor(Date.now() / 1_000) + 600, ...claims })
    .setProtectedHeader({ alg: "HS256", kid: fakeCredentials.keyId })
    .setAudience("https://api.statebacked.dev/")
    .sign(new TextEncoder().encode(fakeCredentials.secretKey));
}

type Call = (method: string, path: string, body?: object) => Promise<unknown>;
async function callerOf(url: string, claims?: object): Promise<Call> {
  const authorization = `Bearer ${await tokenFor(claims)}`;
  return async (method, path, body) => {
    const headers = { authorization, "content-type": "application/json" };
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      redirect: "manual",
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return text.startsWith("{") ? JSON.parse(text) : text;
  };
}

async function publish(call: Call): Promise<void> {
  await call("POST", "/machines", { slug: "lamp" });
  const { machineVersionId, codeUploadUrl, codeUploadFields } = (await call("POST", "/machines/lamp/v")) as {
    machineVersionId: string;
    codeUploadUrl: string;
    codeUploadFields: { [name: string]: string };
  };
  const form = new FormData();
  for (const [name, value] of Object.entries(codeUploadFields)) form.set(name, value);
  form.set("file", new Blob([machine], { type: "application/javascript" }), "lamp.js");
  await fetch(codeUploadUrl, { method: "POST", body: form });
  await call("PUT", `/machines/lamp/v/${machineVersionId}`, { makeCurrent: true });
}

/** Twice, so that a fault has the chance to be told twice. */
async function journey(call: Call): Promise<void> {
  await publish(call);
  await call("POST", "/machines", { slug: "lamp" });
  for (const slug of ["one", "two"]) {
    await call("POST", "/machines/lamp", { slug });
    await call("POST", "/machines/lamp", { slug });
    await call("POST", `/machines/lamp/i/${slug}/events`, { event: "ADD" });
    await call("POST", `/machines/lamp/i/${slug}/events`, { event: { type: "ADD" } });
    await call("GET", `/machines/lamp/i/${slug}`);
    await call("GET", `/machines/lamp/i/${slug}/events`);
    await call("PUT", `/machines/lamp/i/${slug}/status`, { status: "paused" });
    await call("POST", `/machines/lamp/i/${slug}/events`, { event: "ADD" });
    await call("DELETE", `/machines/lamp/i/${slug}`, confirmation(slug));
    await call("GET", `/machines/lamp/i/${slug}`);
  }
  await call("GET", "/machines");
}

function confirmation(slug: string): object {
  const hmac = createHmac("sha256", "lamp").update(slug).digest("base64url");
  return { dangerDataWillBeDeletedForever: true, hmacSha256OfMachineInstanceNameWithMachineNameKey: hmac };
}

const ruleOf: [Fault, string][] = [
  ["duplicate-accepted", "SB-INST-CREATE-409-DUPLICATE"],
  ["ts-backwards", "SB-STATE-TS-MONOTONIC"],
  ["history-incomplete", "SB-HIST-LIST-COMPLETE"],
  ["pause-ignored", "SB-STATUS-PAUSED-409"],
  ["deleted-readable", "SB-DELETE-INST-GONE"],
];

describe("an upstream", () => {
  it("without a fault is told nothing of", async () => {
    const { proxy } = await behind();
    await journey(await callerOf(proxy.url));
    expect(proxy.told).toEqual([]);
    expect(proxy.report()).toMatchObject({ verdict: "conforms", traffic: { unjudged: 0 } });
  });

  it.each(ruleOf)("that has the fault %s is told of it once, with a script that shows it", async (fault, rule) => {
    const { proxy, upstream } = await behind(fault);
    await journey(await callerOf(proxy.url));
    expect(violated(proxy).filter((id) => id === rule)).toEqual([rule]);
    const [told] = proxy.told.filter((one) => one.rule === rule);
    expect(proxy.report().faults.find((one) => one.rule === rule)?.count).toBeGreaterThan(1);
    expect(told?.source).toContain("“");

    // Against the upstream itself, which has forgotten the instance: the same requests, the same wrong answers.
    const again = await through(upstream);
    closers.push(again.close);
    const { url } = again;
    const { keyId, secretKey } = fakeCredentials;
    const env = { PATH: process.env.PATH, SETTLE_URL: url, SETTLE_KEY_ID: keyId, SETTLE_SECRET_KEY: secretKey };
    await (await callerOf(upstream))("DELETE", "/machines/lamp/i/one", confirmation("one"));
    const script = told?.repro.join("\n") ?? "";
    expect(script).not.toContain(secretKey);
    const { stdout } = await run("bash", ["-c", script], { cwd: root, env });
    expect(stdout).not.toContain("missing-user");
    if (fault !== "history-incomplete") expect(violated(again)).toContain(rule);
  });

  it.each<[Fault, string]>([
    ["ts-as-text", "SB-SPEC-SUCCESS-CONFORMS"],
    ["wrong-content-type", "SB-SPEC-SUCCESS-CONFORMS"],
    ["redirects", "SB-SPEC-SUCCESS-STATUS-DECLARED"],
    ["codes-of-its-own", "SB-SPEC-ERROR-CONFORMS"],
  ])("that answers in another form (%s) is told of it once for each operation", async (fault, rule) => {
    const { proxy } = await behind(fault);
    await journey(await callerOf(proxy.url));
    const told = proxy.told.filter((one) => one.rule === rule);
    expect(told.length).toBeGreaterThan(0);
    expect(new Set(told.map(({ operationId, message }) => `${operationId} ${message.slice(0, 60)}`)).size).toBe(
      told.length,
    );
  });

  it("that only does otherwise what we decided alone is warned of", async () => {
    const { proxy } = await behind("created-with-body");
    await journey(await callerOf(proxy.url));
    expect(violated(proxy)).toEqual([]);
    expect(new Set(proxy.told.map(({ rule, level }) => `${rule} ${level}`))).toEqual(
      new Set(["SB-SPEC-EMPTY-IS-EMPTY ADVISORY"]),
    );
    expect(proxy.report().verdict).toBe("conforms");
  });

  it("that takes any token is told of the expired one", async () => {
    const { proxy } = await behind("expired-accepted");
    await (await callerOf(proxy.url, { exp: Math.floor(Date.now() / 1_000) - 600 }))("GET", "/machines");
    expect(violated(proxy)).toEqual(["SB-AUTH-EXPIRED-REFUSED"]);
  });

  it("that takes a body which fits no schema is told of it, beside the client", async () => {
    const { proxy } = await behind("body-unchecked");
    const call = await callerOf(proxy.url);
    await publish(call);
    await call("POST", "/machines/lamp", { slug: "odd", context: [] });
    expect(proxy.told.map(({ of, rule }) => [of, rule])).toEqual([
      ["client", "request"],
      ["upstream", "SB-EDGE-BODY-400-MISFIT"],
    ]);
  });
});

describe("a client", () => {
  it("that sends what the document doesn't know is told of apart, and the upstream is not blamed", async () => {
    const { proxy } = await behind();
    const call = await callerOf(proxy.url);
    await call("POST", "/machines", { name: "no-slug" });
    await call("POST", "/machines", { name: "no-slug either" });
    await call("GET", "/teapots");
    expect(proxy.told.map(({ of, operationId }) => [of, operationId])).toEqual([
      ["client", "createMachine"],
      ["client", undefined],
    ]);
    expect(proxy.report().verdict).toBe("conforms");
  });
});

describe("what an answer is told", () => {
  it("is how many violations it showed, and where they are described", async () => {
    const { proxy } = await behind("ts-as-text");
    const call = await callerOf(proxy.url);
    await publish(call);
    const authorization = `Bearer ${await tokenFor()}`;
    const response = await fetch(`${proxy.url}/machines/lamp`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body: JSON.stringify({ slug: "one" }),
    });
    expect(response.headers.get("x-settle-violations")).toBe("1");
    const details = await fetch(`${proxy.url}${response.headers.get("x-settle-details")}`);
    expect(await details.json()).toMatchObject({
      violations: [{ rule: "SB-SPEC-SUCCESS-CONFORMS", operationId: "createMachineInstance" }],
      warnings: [],
      client: [],
    });
    const clean = await fetch(`${proxy.url}/machines`, { headers: { authorization } });
    expect(clean.headers.get("x-settle-violations")).toBe("0");
  });

  it("is JSON however much there is, and a page that nothing can break out of", async () => {
    const upstream = createServer((_, response) => {
      response.writeHead(200, { "content-type": "<script>alert(1)</script>" }).end("{}");
    });
    await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
    closers.push(async () => void upstream.close());
    const proxy = await through(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
    closers.push(proxy.close);
    for (let i = 0; i < 50; i++) await fetch(`${proxy.url}/nowhere/${i}`);
    await fetch(`${proxy.url}/machines`);
    const provider = '{"aud":"shop","key":"a-providers-secret","token":"sbsec_other"}';
    const headers = { "content-type": "application/json" };
    await fetch(`${proxy.url}/idps`, { method: "POST", headers, body: provider });
    const all = await fetch(`${proxy.url}/_settle/violations`);
    const text = await all.text();
    const { client, violations } = JSON.parse(text) as { client: unknown[]; violations: unknown[] };
    expect(client.length).toBeGreaterThanOrEqual(50);
    expect(text).toMatch(/SETTLE_PROVIDER_KEY.*SETTLE_SECRET_KEY/);
    expect(text).not.toMatch(/a-providers-secret|sbsec_other/);
    expect(violations).not.toHaveLength(0);
    const page = await fetch(`${proxy.url}/_settle/violations`, { headers: { accept: "text/html,*/*" } });
    const html = await page.text();
    expect(html).toContain("&lt;script&gt;");
    expect(html).not.toContain("<script");
  });
});
