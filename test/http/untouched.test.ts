// Valid requests spoilt at random, with an eye on the store: a refusal changes nothing in it, and what is accepted is stored whole.

import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { namePattern } from "../../src/domain/ids.ts";
import { isJsonObject } from "../../src/domain/json.ts";
import { publishMachine } from "../../src/operations/publish.ts";
import type { Kind } from "../../src/store/port.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import { openMachine } from "./rig.ts";

/** Another seed is `SEED=7 npm test`; a failure prints the one it came from. */
const seed = Number(process.env.SEED ?? 1);

let rig: AppRig;
beforeAll(async () => {
  rig = await startAppRig();
  await publishMachine(rig.services, rig.orgId, "open", openMachine, "");
  await rig.call("POST", "/machines/open", { body: { slug: "here" } });
});
afterAll(() => rig.close());

const scoped: Kind[] = ["version", "migration", "upload", "instance"];

/** Everything that requests could have changed, by where it is. */
async function stored(): Promise<{ [place: string]: unknown }> {
  const found: { [place: string]: unknown } = {};
  const machines = (await rig.store.list("machine", rig.orgId, 0, 10_000)).items;
  for (const machine of machines) {
    found[`machine ${machine.rec.slug}`] = machine;
    const scope = `${rig.orgId}/${machine.rec.slug}`;
    for (const kind of scoped) found[`${kind}s of ${scope}`] = (await rig.store.list(kind, scope, 0, 10_000)).items;
    for (const { rec } of (await rig.store.list("instance", scope, 0, 10_000)).items) {
      found[`history of ${scope}/${rec.slug}`] = (await rig.store.history(scope, rec.slug, 0, 10_000)).items;
    }
  }
  return found;
}

async function expectWhole(): Promise<void> {
  for (const { rec } of (await rig.store.list("machine", rig.orgId, 0, 10_000)).items) {
    expect(rec.slug).toMatch(namePattern);
    expect(rec.indexes.every((index) => namePattern.test(index))).toBe(true);
    const scope = `${rig.orgId}/${rec.slug}`;
    for (const instance of (await rig.store.list("instance", scope, 0, 10_000)).items) {
      const { slug, context, state, transitionCount } = instance.rec;
      expect(slug).toMatch(namePattern);
      expect(isJsonObject(context)).toBe(true);
      expect(typeof state.state).toBe("string");
      const transitions = (await rig.store.history(scope, slug, 0, 10_000)).items;
      expect(transitions.map(({ seq }) => seq)).toEqual(Array.from({ length: transitionCount }, (_, i) => i + 1));
    }
  }
}

interface Request {
  method: string;
  path: string;
  json: { [name: string]: unknown };
}
const requests: Request[] = [
  { method: "POST", path: "/machines", json: { slug: "made", indexes: ["customer"] } },
  { method: "POST", path: "/machines/open", json: { slug: "made", context: { public: { n: 1 } } } },
  { method: "POST", path: "/machines/open/i/here/events", json: { event: { type: "ADD", by: 2 } } },
  { method: "POST", path: "/machines/open/i/here/events", json: { event: "ADD" } },
  { method: "POST", path: "/machines/open/v", json: {} },
  { method: "PUT", path: "/machines/open/v/ver_x.y", json: { clientInfo: "x", makeCurrent: true, indexSelectors: {} } },
  {
    method: "DELETE",
    path: "/machines/open/i/here",
    json: { dangerDataWillBeDeletedForever: true, hmacSha256OfMachineInstanceNameWithMachineNameKey: "x" },
  },
  {
    method: "DELETE",
    path: "/machines/open",
    json: { dangerDataWillBeDeletedForever: true, hmacSha256OfMachineNameWithMachineNameKey: "x" },
  },
  { method: "PUT", path: "/machines/open/i/here/status", json: { status: "running" } },
  { method: "PUT", path: "/machines/open/i/here/v", json: { targetMachineVersionId: "ver_x" } },
  {
    method: "POST",
    path: "/machines/open/migrations",
    json: { fromMachineVersionId: "ver_x", toMachineVersionId: "ver_y" },
  },
];

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom("", "here", "__proto__", "constructor", "a b", "\u0000", "\ud800", "xstate.init", "BREAK", "FILL"),
  fc.constantFrom(-1, 0, 1e308, 2 ** 53, true, false, null),
);
/** From what a body was to the text that is sent in its place. */
type Spoil = (json: Request["json"]) => string;
const say = JSON.stringify;
const spoiling: fc.Arbitrary<Spoil> = fc.oneof(
  fc.tuple(fc.nat(3), junk).map(
    ([at, value]): Spoil =>
      (json) =>
        say(withValue(json, at, value)),
  ),
  fc.nat(3).map(
    (at): Spoil =>
      (json) =>
        say(withValue(json, at, undefined)),
  ),
  fc.tuple(fc.string({ maxLength: 12 }), junk).map(
    ([name, value]): Spoil =>
      (json) =>
        say({ ...json, [name]: value }),
  ),
  fc.constant<Spoil>((json) => say(say(json))),
  fc.constant<Spoil>((json) => say([json])),
  fc.integer({ min: 1, max: 400 }).map(
    (depth): Spoil =>
      (json) =>
        nest(say(json), depth),
  ),
  fc.nat(80).map(
    (length): Spoil =>
      (json) =>
        say(json).slice(0, length),
  ),
  fc.tuple(fc.nat(80), fc.string({ minLength: 1, maxLength: 1, unit: "binary" })).map(
    ([at, character]): Spoil =>
      (json) =>
        say(json).slice(0, at) + character + say(json).slice(at + 1),
  ),
  junk.map(
    (value): Spoil =>
      () =>
        say(value),
  ),
);
const pathways = fc.oneof(
  { weight: 4, arbitrary: fc.constant((path: string) => path) },
  { weight: 1, arbitrary: junk.map((value) => (path: string) => path.replace("open", segment(value))) },
  { weight: 1, arbitrary: junk.map((value) => (path: string) => path.replace("here", segment(value))) },
  {
    weight: 1,
    arbitrary: fc.constantFrom("/", "//", "?x=1", "?cursor=%00", "/%2e%2e").map((end) => (path: string) => path + end),
  },
);

test("a refusal changes nothing, and what is accepted is whole", { timeout: 60_000 }, async () => {
  let [refused, accepted] = [0, 0];
  const property = fc.asyncProperty(fc.constantFrom(...requests), spoiling, pathways, async (request, spoil, lead) => {
    const { method, path, json } = request;
    const before = await stored();
    const { status, body } = await rig.call(method, lead(path), { body: spoil(json) });
    if (status < 400) {
      accepted++;
      return expectWhole();
    }
    refused++;
    expect(status).toBeLessThan(500);
    expect(body).toMatchObject({ error: expect.any(String), code: expect.any(String) });
    expect(await stored()).toEqual(before);
  });
  await fc.assert(property, { seed, numRuns: 800 });
  expect(rig.errors).toEqual([]);
  // Spoilt too little or too much, it would prove nothing.
  expect(Math.min(refused, accepted)).toBeGreaterThan(40);
});

/** The body with one of its values, at any depth, replaced; left out when it is undefined. */
function withValue(json: Request["json"], at: number, value: unknown): unknown {
  const names = Object.keys(json);
  const name = names[at % Math.max(names.length, 1)];
  if (name === undefined) return value;
  const inner = json[name];
  return { ...json, [name]: isJsonObject(inner) && at > 1 ? withValue(inner, at - 2, value) : value };
}

function nest(text: string, depth: number): string {
  return `${'{"slug":"deep","context":{"a":'.concat("[".repeat(depth))}${text}${"]".repeat(depth)}}}`;
}

function segment(value: unknown): string {
  return encodeURIComponent(String(typeof value === "string" ? value.toWellFormed() : JSON.stringify(value)));
}
