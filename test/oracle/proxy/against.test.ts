// Two implementations asked the same: they agree though every id differs, and the first answer that differs is named.

import { StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type SettleServer, startServer } from "../../../src/index.ts";
import { Bijection } from "../../../src/oracle/proxy/against/bijection.ts";
import { Comparison } from "../../../src/oracle/proxy/against/compare.ts";
import { type Fault, fakeCredentials, startFake } from "../fake-server.ts";
import { type Through, through } from "./through.ts";

const code = `import { assign, setup } from "npm:xstate@5";
  export const allowRead = ({ authContext, context }) => context.members.includes(authContext.sub);
  export const allowWrite = () => true;
  export default setup({}).createMachine({
    context: { members: [], public: { total: 0 } }, initial: "open",
    states: {
      open: { tags: ["open"], on: {
        ADD: { actions: assign({ public: ({ context }) => ({ total: context.public.total + 1 }) }) }, PAY: "paid" } },
      paid: { type: "final" } } });`;
const given = { context: { members: ["ann"] } };
const confirmed = { dangerDataWillBeDeletedForever: true } as const;

let first: SettleServer;
const closers: (() => Promise<void>)[] = [];
beforeEach(async () => {
  first = await startServer({ port: 0, store: "memory:" });
  closers.push(first.close);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function comparing(
  url: string,
  credentials?: { orgId: string; keyId: string; secretKey: string },
): Promise<[Comparison, Through]> {
  const comparison = new Comparison({
    url,
    ...(credentials ? { credentials } : {}),
    now: () => Date.now(),
    onDivergence: () => {},
    patienceMs: 300,
  });
  const proxy = await through(first.url, { onExchange: (exchanged) => comparison.add(exchanged) });
  closers.push(proxy.close);
  return [comparison, proxy];
}

async function journey(
  proxy: Through,
  more: (ann: StateBackedClient) => Promise<unknown> = async () => {},
): Promise<void> {
  const keys = { stateBackedKeyId: first.keyId, stateBackedSecretKey: first.secretKey };
  const clientFor = (sub: string) =>
    new StateBackedClient(() => signToken(keys, { sub }, { expires: { in: "1h" } }), { apiHost: proxy.url });
  const [ann, eve] = [clientFor("ann"), clientFor("eve")];
  await ann.machines.create("cart");
  await ann.machineVersions.create("cart", { code, makeCurrent: true });
  const { machine } = await ann.machines.get("cart");
  await ann.machineInstances.create("cart", {
    slug: "c1",
    machineVersionId: machine.currentVersion?.id ?? "",
    ...given,
  });
  await Promise.all([1, 2, 3].map(() => ann.machineInstances.sendEvent("cart", "c1", { event: "ADD" })));
  await expect(eve.machineInstances.get("cart", "c1")).rejects.toThrow();
  await ann.machineInstances.listTransitions("cart", "c1");
  await ann.machineInstances.sendEvent("cart", "c1", { event: "PAY" });
  await more(ann);
  await ann.machineInstances.dangerously.delete("cart", "c1", confirmed);
}

it("two servers of the same kind agree, by the second one's own key, and by keys that are made on the way", async () => {
  const second = await startServer({ port: 0, store: "memory:" });
  closers.push(second.close);
  const [comparison, proxy] = await comparing(second.url, second);
  await journey(proxy, async (ann) => {
    const made = await ann.keys.create({ name: "more", use: "production" });
    const keys = { stateBackedKeyId: made.id, stateBackedSecretKey: made.key };
    const own = new StateBackedClient(() => signToken(keys, { sub: "ann" }, { expires: { in: "1h" } }), {
      apiHost: proxy.url,
    });
    await own.machineInstances.create("cart", { slug: "c2", ...given });
    await expect(own.machines.list()).rejects.toThrow(); // a scope that this key lacks, and the second one's own key has
    await ann.keys.list();
  });
  await comparison.settled();
  expect(comparison.divergence).toBeUndefined();
  expect(comparison.stopped).toBeUndefined();
  expect(comparison.same).toBeGreaterThan(15);
});

it.each<[Fault, string, RegExp]>([
  ["never-done", "POST /machines/cart/i/c1/events", /\/done is true at the first and false at the second/],
  ["reads-unguarded", "GET /machines/cart/i/c1", /the status is 403 at the first and 200/],
  ["history-incomplete", "GET /machines/cart/i/c1/events", /\/transitions has 3 entries at the first and 2/],
])("a second one that differs (%s) is named with the first exchange that shows it", async (fault, request, message) => {
  const second = await startFake(fault);
  closers.push(second.close);
  const [comparison, proxy] = await comparing(second.url, fakeCredentials);
  await journey(proxy);
  await comparison.settled();
  expect(comparison.divergence).toMatchObject({ request, message: expect.stringMatching(message) });
  expect(comparison.divergence?.repro.join("\n")).not.toContain(first.secretKey);
  expect(comparison.divergence?.repro.at(-1)).toContain(request.split(" ")[1]);
});

it("a second one without a fault, written otherwise, agrees", async () => {
  const second = await startFake();
  closers.push(second.close);
  const [comparison, proxy] = await comparing(second.url, fakeCredentials);
  await journey(proxy);
  await comparison.settled();
  expect(comparison.divergence).toBeUndefined();
  expect(comparison.stopped).toBeUndefined();
});

it("without a key of its own it is sent the same tokens", async () => {
  const second = await startServer({ port: 0, store: "memory:" });
  closers.push(second.close);
  const [comparison, proxy] = await comparing(second.url);
  await journey(proxy);
  await comparison.settled();
  expect(comparison.divergence).toMatchObject({
    request: "POST /machines",
    first: { status: 201 },
    second: { status: 403 },
  });
});

it("an id that stands for two is a difference, a machine's own data is never an id", () => {
  const ids = new Bijection();
  const [a, b, c] = ["ver_aaaaaaaaaaaa", "ver_bbbbbbbbbbbb", "ver_cccccccccccc"];
  expect(ids.compare({ id: a, ts: 1 }, { id: b, ts: 2 })).toBeNull();
  expect(ids.compare({ id: a }, { id: b })).toBeNull();
  expect(ids.compare({ id: a }, { id: c })).toMatch(/stood for/);
  expect(ids.compare({ publicContext: { id: "x" } }, { publicContext: { id: "y" } })).toMatch(
    /publicContext\/id is "x"/,
  );
  expect(ids.compare({ tags: ["a", "b"] }, { tags: ["b", "a"] })).toBeNull();
  expect(
    ids.compare({ machines: [{ slug: "a" }, { slug: "b" }] }, { machines: [{ slug: "b" }, { slug: "a" }] }),
  ).toBeNull();
  expect(
    ids.compare({ transitions: [{ state: "a" }, { state: "b" }] }, { transitions: [{ state: "b" }, { state: "a" }] }),
  ).toMatch(/transitions\/0\/state/);
});
