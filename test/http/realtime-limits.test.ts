// What a realtime socket costs at most: slow readers, silent ones, too many subscriptions, the end of the server, and messages of ours that are wrong.

import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { AppOptions } from "../../src/http/app.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import { machineWith, openMachine } from "./rig.ts";
import type { TestSocket } from "./socket.ts";
import { counts, isError, isUpdate, openSocket } from "./socket.ts";
import { dial } from "./wire.ts";

let rig: AppRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function start(options: Partial<AppOptions> = {}, code = openMachine) {
  rig = await startAppRig(options);
  const started = rig;
  const url = await rig.listen();
  await rig.publish("open", code, "one", "two");
  const open = () => openSocket(url, `/rt?token=${started.adminToken}`);
  const send = (event: object | string, slug = "one") =>
    started.call("POST", `/machines/open/i/${slug}/events`, { body: { event } });
  return { rig: started, url, open, send };
}

/** The same with a public context of so many bytes after each `ADD`. */
const wordy = (bytes: number) =>
  openMachine.replace("({ n: context.public.n +", `({ text: "x".repeat(${bytes}), n: context.public.n +`);

async function subscribed(open: () => Promise<TestSocket>, ...slugs: string[]): Promise<TestSocket> {
  const socket = await open();
  for (const slug of slugs) socket.subscribe(slug, slug);
  await socket.until(isUpdate, slugs.length);
  return socket;
}

describe("a client that does not read", () => {
  test("gets the newest state in the end, in order, and not all that was missed; others miss nothing", {
    timeout: 60_000,
  }, async () => {
    const { open, send } = await start({ socketLimits: { waitingBytes: 400_000 } }, wordy(200_000));
    const [slow, quick] = [await subscribed(open, "one", "two"), await subscribed(open, "one")];
    slow.socket.pause();
    const total = 100;
    for (let n = 1; n <= total; n++) await send("ADD");
    await send("ADD", "two");
    await quick.until(({ publicContext }) => publicContext?.n === total);
    expect(counts(quick.frames)).toEqual(Array.from({ length: total + 1 }, (_, n) => n));
    slow.socket.resume();
    await slow.until(
      ({ publicContext, machineInstanceName }) => publicContext?.n === total && machineInstanceName === "one",
    );
    await slow.until(
      ({ publicContext, machineInstanceName }) => publicContext?.n === 1 && machineInstanceName === "two",
    );
    const seen = counts(slow.frames.filter(({ machineInstanceName }) => machineInstanceName === "one")).map(Number);
    expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
    // What the system's own buffers take is beyond us; it is far less than all of it.
    expect(seen.length).toBeLessThan(total / 2);
    await send("ADD");
    await slow.until(({ publicContext }) => publicContext?.n === total + 1);
  });

  test("and says nothing is cut off after a while, and nothing is kept for it any more", async () => {
    const socketLimits = { waitingBytes: 400_000, idleMs: 1_000 };
    const { rig: started, open, send } = await start({ socketLimits }, wordy(200_000));
    const { updates } = started.services;
    const subscribe = updates.subscribe.bind(updates);
    let listening = 0;
    updates.subscribe = (...args) => {
      const stop = subscribe(...args);
      listening++;
      return () => {
        listening--;
        stop();
      };
    };
    const slow = await subscribed(open, "one");
    expect(listening).toBe(1);
    slow.socket.pause();
    for (let n = 0; n < 40; n++) await send("ADD");
    await expect.poll(() => listening, { timeout: 10_000 }).toBe(0);
    slow.socket.resume();
    expect([1001, 1006]).toContain(await slow.closed);
  });
});

test("an authorizer that is slower than the events come is asked about the newest in the end", {
  timeout: 30_000,
}, async () => {
  const late = "new Promise((yes) => setTimeout(yes, context.public.n === 1 ? 1_000 : 0, true))";
  const { open, send } = await start({}, machineWith(`({ context }) => ${late}`));
  const socket = await subscribed(open, "one");
  const total = 100;
  for (let n = 1; n <= total; n++) await send("ADD");
  await socket.until(({ publicContext }) => publicContext?.n === total);
  const seen = counts(socket.frames).map(Number);
  expect(seen.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(seen).toEqual([...new Set(seen)].toSorted((a, b) => a - b));
  expect(seen.length).toBeLessThan(total);
});

test("there are only so many subscriptions on a socket; one more is refused, until another ends", async () => {
  const { open } = await start({ socketLimits: { subscriptions: 2 } });
  const socket = await subscribed(open, "one", "two");
  socket.subscribe("three", "one");
  const refusal = { type: "error", requestId: "three", status: 409, code: "invalid-state", error: expect.any(String) };
  expect(await socket.until(isError)).toEqual([refusal]);
  // To repeat one is not to add one, and a refused one takes no place.
  socket.subscribe("one", "one");
  await socket.until(isUpdate, 3);
  socket.unsubscribe("two", "two");
  socket.subscribe("four", "nobody");
  await socket.until(({ requestId }) => requestId === "four");
  socket.subscribe("three", "one");
  await socket.until(isUpdate, 4);
});

test("a socket without a message is closed after a while, whatever it is told", async () => {
  const { open, send } = await start({ socketLimits: { idleMs: 300 } });
  const socket = await subscribed(open, "one");
  const updates = setInterval(() => void send("ADD"), 50);
  expect(await socket.closed).toBe(1001);
  clearInterval(updates);
});

describe("the server's end", () => {
  test("closes every socket, and waits for nobody who doesn't answer", async () => {
    const { rig: started, url, open } = await start();
    const sockets = await Promise.all([subscribed(open, "one"), subscribed(open, "one", "two"), open()]);
    const deaf = await dial(url);
    const cutOff = once(deaf, "close");
    deaf.write(
      `GET /rt HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    await once(deaf, "data");
    const begun = performance.now();
    rig = undefined;
    await started.close();
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([1001, 1001, 1001]);
    await cutOff;
  });
});

describe("a message of ours that violates the document", () => {
  const state = { ts: 1, state: "a", tags: "none" as unknown as string[], done: false };
  test.each(["strict", "warn", "off"] as const)("is treated as --response-check says (%s)", async (responseCheck) => {
    const { rig: started, open } = await start({ responseCheck });
    const { orgId, services, store } = started;
    const versionId = (await store.get("instance", `${orgId}/open`, "one"))?.rec.versionId ?? "";
    const socket = await subscribed(open, "one");
    services.updates.publish(
      { orgId, machine: "open", slug: "one" },
      { kind: "state", rev: 1_000, state, versionId, context: {} },
    );
    const next = await socket.until(({ ts, type }) => ts === 1 || type === "error");
    if (responseCheck === "strict") {
      const error = expect.stringContaining("tags");
      expect(next).toEqual([{ type: "error", requestId: "one", status: 500, code: "contract-violation", error }]);
    } else expect(next).toMatchObject([{ type: "instance-update", tags: "none", publicContext: {} }]);
    expect(started.errors).toEqual(responseCheck === "off" ? [] : [expect.stringContaining("instance-update")]);
  });
});
