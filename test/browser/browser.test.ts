// A page on another origin uses the published client's browser build, in a real browser: sessions, realtime, uploads, and what CORS lets it see.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";
import { executablePath, quietArguments } from "./chromium.ts";

const clientModule = join(
  dirname(createRequire(import.meta.url).resolve("@statebacked/client")),
  "../browser/esm/statebacked-client.js",
);
const code = `import { assign, setup } from "npm:xstate@5";
  export const allowRead = ({ authContext }) => authContext.auth === "anonymous" && typeof authContext.sid === "string";
  export const allowWrite = allowRead;
  export default setup({}).createMachine({
    context: { public: { votes: 0 } }, initial: "open",
    states: { open: { on: {
      VOTE: { actions: assign({ public: ({ context }) => ({ votes: context.public.votes + 1 }) }) },
      CLOSE: "closed" } }, closed: { type: "final" } } });`;

/** What the page's script hands over, as plain values. */
type Found = { [name: string]: unknown };

describe.skipIf(executablePath === undefined)("in a browser, from another origin", { timeout: 60_000 }, () => {
  let server: SettleServer;
  let browser: Browser;
  let page: Page;
  const origin = createServer((request, response) => {
    const isClient = request.url === "/client.js";
    response.setHeader("content-type", isClient ? "text/javascript" : "text/html");
    if (isClient) void readFile(clientModule).then((source) => response.end(source));
    else response.end("<!doctype html><title>A page of somebody else</title>");
  });

  beforeAll(async () => {
    server = await startServer({ port: 0, store: "memory:" });
    await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ executablePath: executablePath ?? "", args: quietArguments });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(origin.address() as AddressInfo).port}/`);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    origin.close();
    await server?.close();
  });

  /** Runs in the page; `client` is the module, `given` what it needs to know. */
  async function inPage(script: string): Promise<Found> {
    const { url, orgId, adminToken } = server;
    const given = { url, orgId, adminToken, code };
    const body = `(async (given) => { const { StateBackedClient, errors } = await import("/client.js"); ${script} })(${JSON.stringify(given)})`;
    return (await page.evaluate(body)) as Found;
  }

  test("an administrator's page publishes a machine: preflights, uploads, plain and gzipped", async () => {
    const found = await inPage(`
      const admin = new StateBackedClient(given.adminToken, { apiHost: given.url, orgId: given.orgId, actAs: { sub: "admin" } });
      await admin.machines.create("poll");
      const plain = await admin.machineVersions.create("poll", { code: given.code, clientInfo: "plain" });
      const zipped = await new Response(new Blob([given.code]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
      const gzipped = await admin.machineVersions.create("poll", { gzippedCode: new Uint8Array(zipped), clientInfo: "gzipped", makeCurrent: true });
      const { machine } = await admin.machines.get("poll");
      return { ids: [plain.machineVersionId, gzipped.machineVersionId], current: machine.currentVersion };`);
    const [, gzipped] = found.ids as string[];
    expect(found.current).toMatchObject({ id: gzipped, clientInfo: "gzipped" });
  });

  test("an anonymous visitor creates an instance, follows it, and moves it on", async () => {
    const found = await inPage(`
      const visitor = new StateBackedClient({ anonymous: { orgId: given.orgId } }, { apiHost: given.url });
      const actor = await visitor.machineInstances.getOrCreateActor("poll", "lunch");
      const seen = [];
      const closed = new Promise((resolve, reject) => {
        actor.subscribe((state) => { seen.push([state.value, state.context?.public?.votes ?? state.publicContext?.votes]); if (state.value === "closed") resolve(); }, reject);
      });
      for (const event of [{ type: "VOTE" }, { type: "VOTE" }, { type: "CLOSE" }])
        await visitor.machineInstances.sendEvent("poll", "lunch", { event });
      await closed;
      return { seen, last: await visitor.machineInstances.get("poll", "lunch") };`);
    expect(found.last).toMatchObject({ state: "closed", done: true, publicContext: { votes: 2 } });
    expect((found.seen as unknown[][]).map(([state]) => state).at(-1)).toBe("closed");
  });

  test("two tabs see each other's events", async () => {
    const other = await browser.newPage();
    await other.goto(page.url());
    const join = `const visitor = new StateBackedClient({ anonymous: { orgId: given.orgId } }, { apiHost: given.url });
      const actor = await visitor.machineInstances.getOrCreateActor("poll", "dinner");`;
    const follow = inPage(`${join}
      await new Promise((resolve, reject) => actor.subscribe((state) => state.value === "closed" && resolve(), reject));
      return { closed: true };`);
    const { url, orgId } = server;
    await other.evaluate(
      `(async (given) => { const { StateBackedClient } = await import("/client.js"); ${join}
        await visitor.machineInstances.sendEvent("poll", "dinner", { event: "VOTE" });
        await visitor.machineInstances.sendEvent("poll", "dinner", { event: "CLOSE" }); })(${JSON.stringify({ url, orgId })})`,
    );
    expect(await follow).toEqual({ closed: true });
    await other.close();
  });

  test("a page can read why it was refused", async () => {
    const found = await inPage(`
      const nobody = new StateBackedClient("not.a.token", { apiHost: given.url });
      const refused = await nobody.machines.list().catch((error) => ({ name: error.constructor.name, isKnown: error instanceof errors.UnauthorizedError, message: error.message }));
      const visitor = new StateBackedClient({ anonymous: { orgId: given.orgId } }, { apiHost: given.url });
      const absent = await visitor.machineInstances.get("poll", "nothing").catch((error) => error instanceof errors.NotFoundError);
      return { refused, absent };`);
    expect(found).toMatchObject({ refused: { isKnown: true, message: expect.stringContaining("JWT") }, absent: true });
  });
});
