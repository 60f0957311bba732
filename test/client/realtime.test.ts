// The published client's subscriptions and actors, over real sockets: the platform's own, and the library's that it may be given.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Actor } from "@statebacked/client";
import { errors, StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WebSocket as LibraryWebSocket } from "ws";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";
import type { SteadyAddress } from "./steady-address.ts";
import { openSteadyAddress } from "./steady-address.ts";

const code = `import { assign, setup } from "npm:xstate@5";
  export const allowRead = ({ authContext, context }) => context.members.includes(authContext.sub);
  export const allowWrite = ({ type, authContext, context }) => type === "initialization" || context.members.includes(authContext.sub);
  export default setup({}).createMachine({
    context: { members: [], public: { total: 0 } }, initial: "open",
    states: {
      open: { tags: ["open"], on: {
        ADD: { actions: assign({ public: ({ context, event }) => ({ total: context.public.total + (event.price ?? 1) }) }) },
        EXPEL: { actions: assign({ members: ({ context, event }) => context.members.filter((one) => one !== event.who) }) },
        PAY: "paid" } },
      paid: { type: "final" } } });`;

let folder: string;
let server: SettleServer;
let address: SteadyAddress;
const clients: (() => void)[] = [];
const start = async () => {
  server = await startServer({ port: 0, store: join(folder, "db.json") });
  address.lead(server.url);
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-realtime-"));
  address = await openSteadyAddress();
  await start();
  const admin = new StateBackedClient(server.adminToken, { apiHost: server.url });
  await admin.machines.create("cart");
  await admin.machineVersions.create("cart", { code, makeCurrent: true });
  await admin.machineInstances.create("cart", { slug: "c1", context: { members: ["ann", "bob"] } });
});
afterEach(async () => {
  for (const leave of clients.splice(0)) leave();
  await address.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

type Options = ConstructorParameters<typeof StateBackedClient>[1];

function clientFor(sub: string, options: Options = {}): StateBackedClient {
  const key = { stateBackedKeyId: server.keyId, stateBackedSecretKey: server.secretKey };
  return new StateBackedClient(() => signToken(key, { sub }, { expires: { in: "1h" } }), {
    apiHost: address.url,
    ...options,
  });
}

/** What a subscription has heard: totals, and errors by their class. */
function hear(client: StateBackedClient, instance = "c1"): { heard: unknown[]; leave: () => void } {
  const heard: unknown[] = [];
  const leave = client.machineInstances.subscribe(
    "cart",
    instance,
    ({ publicContext, done }) => heard.push(done ? "done" : publicContext?.total),
    (error) => heard.push(error.constructor),
  );
  clients.push(leave);
  return { heard, leave };
}
const add = (client: StateBackedClient, instance = "c1") =>
  client.machineInstances.sendEvent("cart", instance, { event: "ADD" });

const implementations: [string, Options][] = [
  ["the platform's WebSocket", {}],
  [
    "the library's WebSocket",
    { WebSocket: LibraryWebSocket as unknown as NonNullable<NonNullable<Options>["WebSocket"]> },
  ],
  ["a host with a slash, a named organization, and many pings", { wsPingIntervalMs: 5 }],
];

describe.each(implementations)("with %s", (name, given) => {
  const options = () =>
    name.startsWith("a host") ? { ...given, apiHost: `${address.url}/`, orgId: server.orgId } : given;

  test("a subscription hears the current state, and whatever anybody does", async () => {
    const [ann, bob] = [clientFor("ann", options()), clientFor("bob", options())];
    await add(ann);
    const [first, second] = [hear(ann), hear(bob)];
    await expect.poll(() => [first.heard, second.heard]).toEqual([[1], [1]]);
    await add(ann);
    await add(bob);
    await ann.machineInstances.sendEvent("cart", "c1", { event: "PAY" });
    await expect
      .poll(() => [first.heard, second.heard])
      .toEqual([
        [1, 2, 3, "done"],
        [1, 2, 3, "done"],
      ]);
  });
});

test("actors of two clients on one instance see each other's events, and none sees time run backwards", async () => {
  const given = { context: { members: ["ann", "bob"] } };
  const [ann, bob] = [clientFor("ann"), clientFor("bob")];
  const actors = await Promise.all([
    ann.machineInstances.getOrCreateActor("cart", "shared", given),
    bob.machineInstances.getOrCreateActor("cart", "shared", given),
  ]);
  const seen: unknown[][] = [[], []];
  const subscriptions = actors.map((actor: Actor, i: number) =>
    actor.subscribe(({ context }) => seen[i]?.push(context.public?.total)),
  );
  await expect.poll(() => seen.every((totals) => totals.length > 0)).toBe(true);
  for (let i = 0; i < 5; i++) for (const actor of actors) actor.send({ type: "ADD", price: 1 });
  const totals = () => actors.map((actor) => actor.getSnapshot().context.public?.total);
  await expect.poll(totals).toEqual([10, 10]);
  for (const totals of seen) expect(totals).toEqual(totals.map(Number).toSorted((a, b) => a - b));
  const [mine, theirs] = actors;
  expect(mine?.getSnapshot().hasTag("open")).toBe(true);
  subscriptions[0]?.unsubscribe();
  theirs?.send("PAY");
  await expect.poll(() => theirs?.getSnapshot().done).toBe(true);
  expect(mine?.getSnapshot().done).toBe(false);
  subscriptions[1]?.unsubscribe();
});

describe("what goes wrong reaches the subscriber as the client's own errors, and nobody else's subscription", () => {
  test.each([
    ["a reader whom allowRead refuses", "eve", "c1", errors.RejectedByMachineAuthorizerError],
    ["an instance that isn't there", "ann", "c2", errors.NotFoundError],
    ["a name that is none", "ann", "c 1", errors.ClientError],
  ])("%s", async (_what, sub, instance, expected) => {
    const client = clientFor(sub);
    await clientFor("ann").machineInstances.create("cart", { slug: "own", context: { members: [sub] } });
    const [refused, own] = [hear(client, instance), hear(client, "own")];
    await expect.poll(() => [refused.heard, own.heard]).toEqual([[expected], [0]]);
    await add(client, "own");
    await expect.poll(() => own.heard).toEqual([0, 1]);
    expect(refused.heard).toEqual([expected]);
  });

  test("a token that is not good", async () => {
    const client = new StateBackedClient("a.bad.token", { apiHost: address.url });
    const [one, two] = [hear(client), hear(client)];
    const expected = [errors.MissingUserError];
    await expect.poll(() => [one.heard, two.heard]).toEqual([expected, expected]);
  });

  test("a reader who is expelled hears of that, and of nothing later", async () => {
    const [ann, bob] = [clientFor("ann"), clientFor("bob")];
    const [first, second] = [hear(ann), hear(bob)];
    await expect.poll(() => [first.heard, second.heard]).toEqual([[0], [0]]);
    await ann.machineInstances.sendEvent("cart", "c1", { event: { type: "EXPEL", who: "bob" } });
    await add(ann);
    await expect.poll(() => first.heard).toEqual([0, 0, 1]);
    await expect.poll(() => second.heard).toEqual([0, errors.RejectedByMachineAuthorizerError]);
  });
});

test("two subscriptions of one client end one by one; after the last the socket is closed, and a new one opens another", async () => {
  const ann = clientFor("ann");
  const [first, second] = [hear(ann), hear(ann)];
  await expect.poll(() => first.heard.length + second.heard.length).toBeGreaterThan(3);
  first.leave();
  const before = first.heard.length;
  await add(ann);
  await expect.poll(() => second.heard).toContain(1);
  expect(first.heard).toHaveLength(before);
  second.leave();
  await add(ann);
  const third = hear(ann);
  await expect.poll(() => third.heard).toEqual([2]);
  expect(second.heard).not.toContain(2);
});

test("an abort ends a subscription", async () => {
  const ann = clientFor("ann");
  const heard: unknown[] = [];
  const abort = new AbortController();
  const note = ({ publicContext }: { publicContext?: { [name: string]: unknown } }) => heard.push(publicContext?.total);
  ann.machineInstances.subscribe("cart", "c1", note, undefined, abort.signal);
  await expect.poll(() => heard).toEqual([0]);
  abort.abort();
  const other = hear(ann);
  await add(ann);
  await expect.poll(() => other.heard).toContain(1);
  expect(heard).toEqual([0]);
});

describe("a connection that breaks", () => {
  test("is made again with the original token, and what was missed comes as the current state", async () => {
    const [ann, bob] = [clientFor("ann"), clientFor("bob", { apiHost: server.url })];
    const { heard } = hear(ann);
    await expect.poll(() => heard).toEqual([0]);
    address.hold();
    address.cut();
    await add(bob);
    await add(bob);
    address.lead(server.url);
    await expect.poll(() => heard).toEqual([0, 2]);
    await add(bob);
    await expect.poll(() => heard).toEqual([0, 2, 3]);
  });

  test("because the server stops is made again when it is back", async () => {
    const ann = clientFor("ann");
    const { heard } = hear(ann);
    await add(ann);
    await expect.poll(() => heard.at(-1)).toBe(1);
    address.hold();
    await server.close();
    await start();
    const before = heard.length;
    await expect.poll(() => heard.slice(before)).toEqual([1]);
    await add(ann);
    await expect.poll(() => heard.slice(before)).toEqual([1, 2]);
  });

  test("because other state was put in is made again, and that state is told", async () => {
    const ann = clientFor("ann");
    const before = await server.state.export();
    const { heard } = hear(ann);
    await expect.poll(() => heard).toEqual([0]);
    for (let n = 0; n < 3; n++) await add(ann);
    await expect.poll(() => heard.at(-1)).toBe(3);
    await server.state.import(before);
    await expect.poll(() => heard.at(-1)).toBe(0);
    await add(ann);
    await expect.poll(() => heard.at(-1)).toBe(1);
  });
});
