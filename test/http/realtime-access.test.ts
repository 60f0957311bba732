// Who may be told of a state over the realtime socket: asked at the beginning, and again before every update.

import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allScopes } from "../../src/domain/scopes.ts";
import type { AppRig } from "./app-rig.ts";
import { signedBy, startAppRig } from "./app-rig.ts";
import { machineWith } from "./rig.ts";
import type { Frame, TestSocket } from "./socket.ts";
import { counts, isError, isUpdate, openSocket } from "./socket.ts";

let rig: AppRig;
let url: string;
/** Subscribed to `one`, and allowed to read it. */
let witness: TestSocket;
beforeAll(async () => {
  rig = await startAppRig();
  url = await rig.listen();
  await rig.publish("open", machineWith("({ authContext }) => authContext.sub !== 'blind'"), "one");
  // Whoever is named may read while the count is even; others always.
  const odd = "context.public.n % 2 === 1";
  const allowRead = `({ authContext, context }) => {
    if (authContext.sub === "thrower" && ${odd}) throw new Error("no idea");
    if (authContext.sub === "looper" && ${odd}) for (;;);
    return !(authContext.sub === "even" && ${odd});
  }`;
  await rig.publish("moody", machineWith(allowRead));
  witness = await openWith(rig.adminToken);
  witness.subscribe("witness", "one");
  await witness.until(isUpdate);
});
afterAll(async () => {
  witness.socket.terminate();
  expect(rig.errors).toEqual([]);
  await rig.close();
});

const refusal = (requestId: string, status: number, code: string) => ({
  type: "error",
  requestId,
  status,
  code,
  error: expect.any(String),
});
/** Subscriptions have no order among themselves. */
const byId = (frames: Frame[]) => frames.toSorted((a, b) => (String(a.requestId) < String(b.requestId) ? -1 : 1));
const add = (slug: string, machine = "open") =>
  rig.call("POST", `/machines/${machine}/i/${slug}/events`, { body: { event: "ADD" } });
const openWith = (token: string, more = "") => openSocket(url, `/rt?token=${token}${more}`);
const tokenOf = async (act: object, scopes: readonly string[] = ["state.read"]) => signedBy(await rig.key(scopes), act);

/** What the socket was told, once an event of `one` has been told to all who may know. */
async function heard(socket: TestSocket): Promise<Frame[]> {
  const { length } = witness.frames;
  await add("one");
  await witness.until(isUpdate, length + 1);
  await socket.settled();
  return socket.frames;
}

describe("a socket opens whatever its token is, and a subscription is refused", () => {
  test.each<[string, () => Promise<string> | string, string]>([
    ["without a token", () => "/rt", "missing-user"],
    ["with an empty token", () => "/rt?token=", "missing-user"],
    ["with a token that is none", () => "/rt?token=a.b.c", "missing-user"],
    ["with a token that would break a header", () => "/rt?token=a%0d%0ab", "missing-user"],
    [
      "with a forged token",
      async () => `/rt?token=${await signedBy({ id: (await rig.key([])).id, secret: "sbsec_x" })}`,
      "missing-user",
    ],
    [
      "with a token of no key",
      async () => `/rt?token=${await signedBy({ id: "sbk_none", secret: "sbsec_x" })}`,
      "missing-user",
    ],
    [
      "with a key that may not read states",
      async () =>
        `/rt?token=${await tokenOf(
          { sub: "ada" },
          allScopes.filter((scope) => scope !== "state.read"),
        )}`,
      "missing-scope",
    ],
    ["with another organization", () => `/rt?token=${rig.adminToken}&x-statebacked-org-id=org_other`, "missing-org"],
    [
      "to a reader whom allowRead refuses",
      async () => `/rt?token=${await tokenOf({ sub: "blind" })}`,
      "rejected-by-machine-authorizer",
    ],
  ])("%s", async (_how, target, code) => {
    const socket = await openSocket(url, await target());
    socket.subscribe("a", "one");
    socket.subscribe("b", "one");
    expect(byId(await socket.until(isError, 2))).toEqual([refusal("a", 403, code), refusal("b", 403, code)]);
    expect(await heard(socket)).toHaveLength(2);
    socket.socket.terminate();
  });

  test.each([
    ["a machine that isn't there", "nobody", "one"],
    ["an instance that isn't there", "open", "nobody"],
    ["a name that every object has", "open", "constructor"],
  ])("to %s", async (_what, machine, instance) => {
    const socket = await openWith(rig.adminToken);
    socket.subscribe("a", instance, machine);
    socket.subscribe("b", "one");
    expect(await socket.until(isError)).toEqual([refusal("a", 404, "not-found")]);
    await socket.until(isUpdate);
    socket.socket.terminate();
  });

  test("and the organization may be named", async () => {
    const socket = await openWith(rig.adminToken, `&x-statebacked-org-id=${rig.orgId}`);
    socket.subscribe("a", "one");
    await socket.until(isUpdate);
    socket.socket.terminate();
  });
});

test("another organization's instance of the same name is another instance", async () => {
  const org = { id: "org_elsewhere", name: "elsewhere", createdAt: 0 };
  await rig.store.commit([{ op: "put", kind: "org", scope: "", name: org.id, rec: org, ifRev: 0 }]);
  const socket = await openWith(await signedBy(await rig.key(["state.read"], org.id)));
  socket.subscribe("a", "one");
  expect(await socket.until(isError)).toEqual([refusal("a", 404, "not-found")]);
  expect(await heard(socket)).toHaveLength(1);
  socket.socket.terminate();
});

describe("a reader who may no longer read", () => {
  test.each([
    ["even", 403, "rejected-by-machine-authorizer"],
    ["thrower", 403, "rejected-by-machine-authorizer"],
    ["looper", 500, "cpu-limit"],
  ])("(%s) is told so instead of the update, and nothing more; others go on", async (sub, status, code) => {
    await rig.call("POST", "/machines/moody", { body: { slug: sub } });
    const [socket, other] = [await openWith(await tokenOf({ sub })), await openWith(rig.adminToken)];
    for (const { subscribe, until } of [socket, other]) {
      subscribe("a", sub, "moody");
      await until(isUpdate);
    }
    for (let i = 0; i < 3; i++) await add(sub, "moody");
    await other.until(({ publicContext }) => publicContext?.n === 3);
    expect(counts(other.frames)).toEqual([0, 1, 2, 3]);
    await socket.until(isError);
    await add(sub, "moody");
    await other.until(({ publicContext }) => publicContext?.n === 4);
    await socket.settled();
    expect(socket.frames.slice(1)).toEqual([refusal("a", status, code)]);
    // Whoever may read again has to ask.
    socket.subscribe("a", sub, "moody");
    await socket.until(({ publicContext }) => publicContext?.n === 4);
    for (const { socket: open } of [socket, other]) open.terminate();
  });

  test.each([
    [
      "whose key is deleted",
      async (keyId: string) => {
        const key = await rig.store.get("key", rig.orgId, keyId);
        await rig.store.commit([{ op: "delete", kind: "key", scope: rig.orgId, name: keyId, ifRev: key?.rev ?? 0 }]);
      },
      "missing-user",
    ],
    [
      "whose key lost its scope",
      async (keyId: string) => {
        const key = await rig.store.get("key", rig.orgId, keyId);
        if (!key) throw new Error("no such key");
        const rec = { ...key.rec, scopes: [] };
        await rig.store.commit([{ op: "put", kind: "key", scope: rig.orgId, name: keyId, rec, ifRev: key.rev }]);
      },
      "missing-scope",
    ],
  ])("(%s) is told so at the next update, for each subscription", async (_how, change, code) => {
    const key = await rig.key(["state.read"]);
    const [socket, other] = [await openWith(await signedBy(key)), await openWith(rig.adminToken)];
    socket.subscribe("a", "one");
    socket.subscribe("b", "one");
    other.subscribe("a", "one");
    await Promise.all([socket.until(isUpdate, 2), other.until(isUpdate)]);
    await change(key.id);
    const { length } = other.frames;
    await add("one");
    expect(byId(await socket.until(isError, 2))).toEqual([refusal("a", 403, code), refusal("b", 403, code)]);
    expect((await heard(socket)).filter(isUpdate)).toHaveLength(2);
    await other.until(isUpdate, length + 2);
    for (const { socket: open } of [socket, other]) open.terminate();
  });

  test("(whose token has expired) is told so at the next update", async () => {
    const { id, secret } = await rig.key(["state.read"]);
    const token = await new SignJWT({ act: { sub: "ada" } })
      .setProtectedHeader({ alg: "HS256", kid: id })
      .setAudience("https://api.statebacked.dev/")
      // What clocks may differ by is 5 seconds.
      .setExpirationTime(Math.floor(Date.now() / 1000) - 3)
      .sign(new TextEncoder().encode(secret));
    const socket = await openWith(token);
    socket.subscribe("a", "one");
    await socket.until(isUpdate);
    const status = async () => (await rig.call("GET", "/machines/open/i/one", { token })).status;
    await expect.poll(status, { timeout: 5_000 }).toBe(403);
    await add("one");
    expect(await socket.until(isError)).toEqual([refusal("a", 403, "missing-user")]);
    expect((await heard(socket)).filter(isUpdate)).toHaveLength(1);
    socket.socket.terminate();
  });
});

describe("an instance that is deleted", () => {
  const names = { machine: "open", slug: "gone" };
  const remove = async () => {
    const { orgId, services, store } = rig;
    const scope = `${orgId}/open`;
    const stored = await store.get("instance", scope, "gone");
    await store.commit([{ op: "delete", kind: "instance", scope, name: "gone", ifRev: stored?.rev ?? 0 }]);
    services.updates.publish({ orgId, ...names }, { kind: "deleted" });
  };

  test("ends its subscriptions, after all that it went through; one of the same name is not theirs", async () => {
    await rig.call("POST", "/machines/open", { body: { slug: "gone" } });
    const socket = await openWith(rig.adminToken);
    socket.subscribe("a", "gone");
    await socket.until(isUpdate);
    await add("gone");
    await remove();
    await rig.call("POST", "/machines/open", { body: { slug: "gone" } });
    await add("gone");
    expect(await socket.until(isError)).toEqual([refusal("a", 404, "not-found")]);
    socket.subscribe("a", "gone");
    await socket.until(isUpdate, 3);
    expect(counts(socket.frames)).toEqual([0, 1, 1]);
    socket.socket.terminate();
  });
});
