// What happens on a connection beside the requests themselves: their order, their forms, what is read of them, and who hangs up.

import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";
import { answersIn, dial, exchange } from "./wire.ts";

let rig: Rig;
let head: string;
const troubles: string[] = [];
beforeAll(async () => {
  rig = await startRig({ log: ({ message }) => void troubles.push(message) });
  await rig.publish("open", openMachine);
  head = `host: x\r\nauthorization: Bearer ${rig.server.adminToken}\r\n`;
});
afterAll(async () => {
  expect(troubles).toEqual([]);
  await rig.server.close();
});

const problem = { error: expect.any(String), code: "invalid-parameter" };
const last = "connection: close\r\n";
const create = (slug: string, more = "") => {
  const body = JSON.stringify({ slug });
  return `POST /machines/open HTTP/1.1\r\n${head}${more}content-length: ${body.length}\r\n\r\n${body}`;
};
const isThere = async (slug: string) => (await rig.call("GET", `/machines/open/i/${slug}`)).status === 200;

describe("requests sent without waiting", () => {
  test("are answered in their order", async () => {
    const get = `GET /machines/open/i/first HTTP/1.1\r\n${head}`;
    const answers = await exchange(
      rig.server.url,
      `${create("first")}GET /nowhere HTTP/1.1\r\n${head}\r\n${get}\r\n${create("first")}${get}${last}\r\n`,
    );
    // The third may run before the first is done; its place in the order is its own all the same.
    expect(answers.map(({ status }) => status)).toEqual([
      200,
      404,
      expect.any(Number),
      expect.any(Number),
      expect.any(Number),
    ]);
    expect(answers[0]?.body).toMatchObject({ state: "a" });
  });

  test.each([
    ["no HTTP", "rubbish\r\n\r\n"],
    ["a broken length", `POST /machines HTTP/1.1\r\n${"host: x\r\n"}content-length: x\r\n\r\n`],
    ["more than the length said", "}}}}\r\n\r\n"],
    ["headers without an end", `GET / HTTP/1.1\r\nx: ${"y".repeat(100_000)}`],
  ])("and followed by %s: each has its own answer first, the rest one refusal", async (what, broken) => {
    const slug = what.replaceAll(" ", "-");
    const answers = await exchange(rig.server.url, `${create(slug)}GET /nowhere HTTP/1.1\r\n${head}\r\n${broken}`);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, what.startsWith("headers") ? 431 : 400]);
    expect(answers[2]).toMatchObject({ body: problem, headers: { connection: "close" } });
    expect(await isThere(slug)).toBe(true);
  });

  test("a request answered for its head alone is not answered again when its body turns out broken", async () => {
    const socket = await dial(rig.server.url);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.write(`POST /nowhere HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\n`);
    await once(socket, "data");
    socket.write("ZZ\r\n");
    await once(socket, "close");
    expect(answersIn(Buffer.concat(chunks)).map(({ status }) => status)).toEqual([404]);
  });
});

describe("a request's target", () => {
  test("may be a whole URL, as proxies are sent it", async () => {
    const ask = async (target: string) =>
      (await exchange(rig.server.url, `GET ${target} HTTP/1.1\r\n${head}${last}\r\n`)).map(({ status }) => status);
    expect(await ask("http://x/machines")).toEqual([200]);
    expect(await ask("HTTPS://x:1//machines?cursor=")).toEqual([400]);
    expect(await ask("http://x/machines/open")).toEqual([200]);
    expect(await ask("http://x")).toEqual([404]);
    expect(await ask("*")).toEqual([404]);
  });

  test("of CONNECT is refused", async () => {
    const answers = await exchange(rig.server.url, `CONNECT example.com:443 HTTP/1.1\r\n${head}\r\n`);
    expect(answers).toMatchObject([{ status: 400, body: problem }]);
  });
});

describe("the host", () => {
  const begin = (version: string, host: string) =>
    exchange(
      rig.server.url,
      `POST /machines/open/v HTTP/${version}\r\n${host}authorization: Bearer ${rig.server.adminToken}\r\n${last}content-length: 0\r\n\r\n`,
    );

  test.each(["example.com", "localhost:4380", "127.0.0.1:80", "[::1]:4380", "my_app.local"])(
    "%s is where the upload URL begins",
    async (host) => {
      const [answer] = await begin("1.1", `host: ${host}\r\n`);
      expect(answer).toMatchObject({ status: 200, body: { codeUploadUrl: `http://${host}/_settle/uploads` } });
    },
  );

  test("is the address that was reached when HTTP/1.0 names none", async () => {
    const [answer] = await begin("1.0", "");
    expect(answer).toMatchObject({ status: 200, body: { codeUploadUrl: `${rig.server.url}/_settle/uploads` } });
  });

  test.each([
    "",
    "<script>",
    "a b",
    "user@example.com",
    "example.com/path",
    "example.com:99999",
    "[::1",
    "\u00e9",
    "a:b",
  ])("'%s' is none: 400", async (host) => {
    const [answer] = await begin("1.1", `host: ${host}\r\n`);
    expect(answer).toMatchObject({ status: 400, body: { ...problem, parameter: "host" } });
  });

  test("that is missing is a 400 in HTTP/1.1", async () => {
    expect(await begin("1.1", "")).toMatchObject([{ status: 400, body: problem }]);
  });
});

describe("a body", () => {
  test("of a GET is never read, however long", async () => {
    for (const length of [
      "content-length: 99999999\r\n\r\n{",
      "transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    ]) {
      const answers = await exchange(rig.server.url, `GET /machines/open HTTP/1.1\r\n${head}${last}${length}`);
      expect(answers).toMatchObject([{ status: 200 }]);
    }
  });

  test("announced as too long is refused before it is sent", async () => {
    const announced = `POST /machines HTTP/1.1\r\n${head}${last}content-length: 2000001\r\n\r\n`;
    expect(await exchange(rig.server.url, announced)).toMatchObject([
      { status: 413, body: { code: "body-too-large" } },
    ]);
  });

  test("may be as long as its operation takes", async () => {
    const body = JSON.stringify({ slug: "longest", ignored: "" });
    const full = body.replace('""', `"${"x".repeat(2_000_000 - body.length)}"`);
    expect((await rig.call("POST", "/machines/open", { text: full })).status).toBe(200);
    expect((await rig.call("POST", "/machines/open", { text: `${full} ` })).status).toBe(413);
  });

  test("is asked for when the client waits for that", async () => {
    const expecting = create("asked-for", `${last}expect: 100-continue\r\n`);
    const answers = await exchange(rig.server.url, expecting);
    expect(answers.map(({ status }) => status)).toEqual([100, 200]);
  });

  test("in chunks is read whole", async () => {
    const [first, second] = ['{"slug":', '"chunked"}'];
    const body = `${first.length.toString(16)}\r\n${first}\r\n${second.length.toString(16)};ext=1\r\n${second}\r\n0\r\nx-trailer: y\r\n\r\n`;
    const answers = await exchange(
      rig.server.url,
      `POST /machines/open HTTP/1.1\r\n${head}${last}transfer-encoding: chunked\r\n\r\n${body}`,
    );
    expect(answers).toMatchObject([{ status: 200 }]);
    expect(await isThere("chunked")).toBe(true);
  });
});

describe("a client that goes away", () => {
  test.each([
    ["in the middle of the head", () => `POST /machines/open HTTP/1.1\r\n${head}content-le`],
    ["in the middle of the body", () => create("gone").slice(0, -3)],
    [
      "in the middle of a chunk",
      () => `POST /machines/open HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\nff\r\n{"slug":"gone"`,
    ],
  ])("%s leaves nothing behind", async (_where, bytes) => {
    const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(rig.server.url)));
    for (const socket of sockets) socket.write(bytes(), () => socket.resetAndDestroy());
    await Promise.all(sockets.map((socket) => once(socket, "close")));
    expect((await rig.call("GET", "/machines")).status).toBe(200);
    expect(await isThere("gone")).toBe(false);
  });

  test("after a whole request has made it, whether it hears of it or not", async () => {
    const socket = await dial(rig.server.url);
    socket.write(create("unheard"), () => socket.destroy());
    await expect.poll(() => isThere("unheard")).toBe(true);
  });
});

test("a connection goes on after a refusal", async () => {
  const refused = ["{", '{"slug":7}', '{"slug":"a","context":[]}'].map(
    (body) => `POST /machines/open HTTP/1.1\r\n${head}content-length: ${body.length}\r\n\r\n${body}`,
  );
  const answers = await exchange(rig.server.url, `${refused.join("")}${create("after-all", last)}`);
  expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 200]);
});
