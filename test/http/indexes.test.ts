// Indexes over the wire, as the newer client asks: names at the machine, selectors at the version, values at every transition, queries.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer, Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

/** Its context is whatever the creation and SET say; nobody may read an instance. */
const code = `import { setup, assign, fromPromise } from "npm:xstate@5";
export const allowRead = () => false;
export const allowWrite = ({ event }) => event?.type !== "REFUSED";
export default setup({}).createMachine({ context: ({ input }) => ({ ...input }), initial: "on", states: { on: { on: {
  SET: { actions: assign(({ event }) => event.values) },
  LATER: { target: "waiting" },
  THROW: { actions: assign(() => { throw new Error("no"); }) } } },
  waiting: { invoke: { src: fromPromise(async () => "late"), onDone: { target: "on", actions: assign({ color: ({ event }) => event.output }) } } } } });`;

let rig: Rig;
let names = 0;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.server.close());

/** A machine with these selectors, its code the current version. */
async function machineWith(indexSelectors: { [index: string]: string }): Promise<string> {
  const slug = `m-${++names}`;
  expect((await rig.call("POST", "/machines", { json: { slug, indexes: Object.keys(indexSelectors) } })).status).toBe(
    201,
  );
  expect((await version(slug, indexSelectors)).status).toBe(200);
  return slug;
}
async function version(slug: string, indexSelectors: { [index: string]: string }): Promise<Answer> {
  const { machineVersionId, codeUploadFields } = await rig.begin(slug);
  await rig.upload(codeUploadFields, code);
  return rig.call("PUT", `/machines/${slug}/v/${machineVersionId}`, { json: { makeCurrent: true, indexSelectors } });
}
async function create(machine: string, slug: string, context: object): Promise<void> {
  expect((await rig.call("POST", `/machines/${machine}`, { json: { slug, context } })).status).toBe(200);
}
const send = (machine: string, slug: string, event: object | string) =>
  rig.call("POST", `/machines/${machine}/i/${slug}/events`, { json: { event } });
const query = (machine: string, params = "", index = "color") =>
  rig.call("GET", `/machines/${machine}/indexes/${index}/query${params}`);
async function found(machine: string, params = "", index = "color"): Promise<string[]> {
  const { status, body } = await query(machine, params, index);
  expect({ status, cursor: body.cursor }).toEqual({ status: 200, cursor: undefined });
  return (body.instances as { slug: string; indexValue: string }[]).map((match) => `${match.slug}=${match.indexValue}`);
}

describe("an instance's values are", () => {
  test("those of its context when it was created, and after each event, private keys included; nobody's allowRead is asked", async () => {
    const machine = await machineWith({ color: "$.color", owner: "$.public.owner" });
    await create(machine, "one", { color: "red", public: { owner: "ada" } });
    expect(await found(machine)).toEqual(["one=red"]);
    expect(await found(machine, "", "owner")).toEqual(["one=ada"]);
    await send(machine, "one", { type: "SET", values: { color: "blue" } });
    expect([await found(machine), await found(machine, "", "owner")]).toEqual([["one=blue"], ["one=ada"]]);
    await send(machine, "one", "LATER");
    expect(await found(machine)).toEqual(["one=late"]);
  });

  test.each([
    ["a string", "red", ["red"]],
    ["an empty string", "", [""]],
    ["an array of strings", ["b", "a", "b"], ["a", "b"]],
    ["an empty array", [], []],
    ["the strings of a mixed array", ["a", 1, null, { b: "b" }, ["c"]], ["a"]],
    ["not a number", 7, []],
    ["not null", null, []],
    ["not an object", { a: "a" }, []],
    ["nothing, when nothing is there", undefined, []],
    ["a string of 1,024 bytes", "é".repeat(512), ["é".repeat(512)]],
    ["not a longer one", `${"é".repeat(512)}x`, []],
    ["well-formed", "a\ud83d", ["a\ufffd"]],
  ])("%s", async (_, color, values) => {
    const machine = await machineWith({ color: "$.color" });
    await create(machine, "one", { color });
    for (const value of values) {
      expect(await found(machine, `?value=${encodeURIComponent(value)}`)).toEqual([`one=${value}`]);
    }
    expect(await found(machine)).toEqual(values.slice(0, 1).map((value) => `one=${value}`));
    expect(await found(machine, "?dir=desc")).toEqual(values.slice(-1).map((value) => `one=${value}`));
  });

  test("at each place that the selector leads to", async () => {
    const machine = await machineWith({ color: "$.items[?@.sold == false].colors" });
    const items = [
      { sold: true, colors: "red" },
      { sold: false, colors: "blue" },
      { sold: false, colors: ["green"] },
    ];
    await create(machine, "one", { items });
    expect(await found(machine, "?op=eq&value=red")).toEqual([]);
    expect(await found(machine, "?op=eq&value=blue")).toEqual(["one=blue"]);
    expect(await found(machine, "?op=eq&value=green")).toEqual(["one=green"]);
  });

  test("at most a thousand of one instance", async () => {
    const machine = await machineWith({ color: "$.color" });
    await create(machine, "one", { color: Array.from({ length: 1_001 }, (_, n) => `c${n}`) });
    expect(await found(machine, "?value=c999")).toEqual(["one=c999"]);
    expect(await found(machine, "?value=c1000")).toEqual([]);
  });

  test("what they were after an event that was refused, or threw", async () => {
    const machine = await machineWith({ color: "$.color" });
    await create(machine, "one", { color: "red" });
    expect((await send(machine, "one", { type: "REFUSED" })).status).toBe(403);
    expect((await send(machine, "one", "THROW")).status).toBe(400);
    expect(await found(machine)).toEqual(["one=red"]);
    expect(
      (await rig.call("POST", `/machines/${machine}`, { json: { slug: "one", context: { color: "blue" } } })).status,
    ).toBe(409);
    expect(await found(machine)).toEqual(["one=red"]);
  });

  test("those that the selectors of its own version find", async () => {
    const machine = await machineWith({ color: "$.color", size: "$.size" });
    await create(machine, "old", { color: "red", paint: "blue", size: "m" });
    expect((await version(machine, { color: "$.paint" })).status).toBe(200);
    await create(machine, "new", { color: "red", paint: "blue", size: "m" });
    await send(machine, "old", { type: "SET", values: { color: "rosé" } });
    expect(await found(machine)).toEqual(["new=blue", "old=rosé"]);
    expect(await found(machine, "", "size")).toEqual(["old=m"]);
  });

  test("kept apart when indexes are called as what every object has", async () => {
    const machine = await machineWith(JSON.parse('{"__proto__":"$.a","constructor":"$.b"}'));
    await create(machine, "one", { a: "A", b: "B" });
    expect(await found(machine, "", "__proto__")).toEqual(["one=A"]);
    expect(await found(machine, "", "constructor")).toEqual(["one=B"]);
    expect((await query(machine, "", "toString")).status).toBe(404);
  });
});

describe("a query", () => {
  let machine: string;
  beforeAll(async () => {
    machine = await machineWith({ color: "$.color" });
    for (const [slug, color] of [
      ["i1", "b"],
      ["i2", "a"],
      ["i3", "b"],
      ["i4", "￿"],
      ["i5", "😀"],
      ["i6", ["a", "c"]],
    ] as const)
      await create(machine, slug, { color });
  });

  test.each([
    ["", ["i2=a", "i6=a", "i1=b", "i3=b", "i4=￿", "i5=😀"]],
    ["?dir=desc", ["i5=😀", "i4=￿", "i6=c", "i3=b", "i1=b", "i2=a"]],
    ["?op=eq&value=b", ["i1=b", "i3=b"]],
    ["?value=b", ["i1=b", "i3=b"]],
    ["?op=ne&value=a", ["i1=b", "i3=b", "i6=c", "i4=￿", "i5=😀"]],
    ["?op=gt&value=b", ["i6=c", "i4=￿", "i5=😀"]],
    ["?op=gte&value=b", ["i1=b", "i3=b", "i6=c", "i4=￿", "i5=😀"]],
    ["?op=lt&value=b", ["i2=a", "i6=a"]],
    ["?op=lte&value=b&dir=desc", ["i3=b", "i1=b", "i6=a", "i2=a"]],
    ["?op=gt&value=%F0%9F%98%80", []],
    ["?op=eq&value=%F0%9F%98%80", ["i5=😀"]],
    ["?op=gt", ["i2=a", "i6=a", "i1=b", "i3=b", "i4=￿", "i5=😀"]],
    ["?op=eq&value=", []],
    ["?op=lt&value=", []],
    ["?value=a%20b+c", []],
  ])("%s", async (params, matches) => {
    expect(await found(machine, params)).toEqual(matches);
  });

  test.each([
    ["?op=like&value=b", "op"],
    ["?op=", "op"],
    ["?op=eq&op=ne&value=b", "op"],
    ["?dir=up", "dir"],
    ["?limit=0", "limit"],
    ["?limit=1001", "limit"],
    ["?limit=1.5", "limit"],
    ["?limit=many", "limit"],
    ["?value=a&value=b", "value"],
    ["?cursor=garbage", "cursor"],
    ["?cursor=", "cursor"],
    [`?cursor=${Buffer.from('["","a","i1"]').toString("base64url")}`, "cursor"],
  ])("%s is a 400 that names %s", async (params, parameter) => {
    const { status, body } = await query(machine, params);
    expect({ status, code: body.code, parameter: body.parameter }).toEqual({
      status: 400,
      code: "invalid-parameter",
      parameter,
    });
  });

  test("of an index or a machine that isn't there is a 404", async () => {
    for (const { status, body } of [await query(machine, "", "size"), await query("nobody")]) {
      expect([status, body.code]).toEqual([404, "not-found"]);
    }
    expect((await query(machine, "", "no%20name")).status).toBe(400);
    const unfilled = `m-${++names}`;
    await rig.call("POST", "/machines", { json: { slug: unfilled, indexes: ["color"] } });
    expect((await query(unfilled)).body).toEqual({ instances: [] });
  });

  test("goes on with a cursor, which is good for that query and no other", async () => {
    const first = await query(machine, "?op=gte&value=b&limit=2");
    expect(first.body.instances).toMatchObject([{ slug: "i1" }, { slug: "i3" }]);
    const cursor = String(first.body.cursor);
    expect(cursor).toMatch(/^[\w-]+$/);
    expect(await found(machine, `?op=gte&value=b&limit=50&cursor=${cursor}`)).toEqual(["i6=c", "i4=￿", "i5=😀"]);
    const others = ["?op=gt&value=b", "?op=gte&value=a", "?op=gte&value=b&dir=desc", "?", "?value=b"];
    const elsewhere = await machineWith({ color: "$.color" });
    const answers = [
      ...others.map((params) => query(machine, `${params}&cursor=${cursor}`)),
      query(elsewhere, `?op=gte&value=b&cursor=${cursor}`),
    ];
    for (const { status, body } of await Promise.all(answers))
      expect([status, body.parameter]).toEqual([400, "cursor"]);
    const longest = "😀".repeat(256);
    await create(elsewhere, "one", { color: longest });
    await create(elsewhere, "two", { color: longest });
    const { body } = await query(elsewhere, `?limit=1&op=gte&value=${encodeURIComponent(longest)}`);
    expect(await found(elsewhere, `?op=gte&value=${encodeURIComponent(longest)}&cursor=${body.cursor}`)).toEqual([
      `two=${longest}`,
    ]);
  });

  test("pages 250 instances exactly once each, with writes between the pages", async () => {
    const big = await machineWith({ color: "$.color" });
    const colorOf = (n: number) => `c${String(n % 20).padStart(2, "0")}`;
    await Promise.all(Array.from({ length: 250 }, (_, n) => create(big, `i${n}`, { color: colorOf(n) })));
    const seen: string[] = [];
    let cursor = "";
    for (let page = 1; cursor !== "" || page === 1; page++) {
      const { status, body } = await query(big, cursor && `?cursor=${cursor}`);
      expect(status).toBe(200);
      const instances = body.instances as { slug: string; indexValue: string }[];
      expect(instances).toHaveLength([100, 100, 50][page - 1] ?? 0);
      seen.push(...instances.map(({ slug, indexValue }) => `${slug}=${indexValue}`));
      cursor = String(body.cursor ?? "");
      await create(big, `early${page}`, { color: "a" });
      if (page === 1) await send(big, "i249", { type: "SET", values: { color: colorOf(249) } });
    }
    const expected = Array.from({ length: 250 }, (_, n) => `i${n}=${colorOf(n)}`);
    expect(seen.toSorted()).toEqual(expected.toSorted());
  });
});

describe("finalizing", () => {
  test.each([
    ["size", "$.size", /has no index size: its indexes are color, owner/],
    ["color", "color", /The selector of index color is not JSONPath.*expected '\$'/],
    ["color", "", /is not JSONPath/],
    ["color", "$[?match(@.a, 'x')]", /match/],
    ["color", `$.${"x".repeat(600)}`, /is longer than 512 characters/],
  ])(
    "with a selector for %s of %s is a 400 that says why, and the version can still be finalized",
    async (index, text, why) => {
      const slug = `m-${++names}`;
      await rig.call("POST", "/machines", { json: { slug, indexes: ["color", "owner", "color"] } });
      expect((await rig.call("GET", `/machines/${slug}`)).body).toMatchObject({
        machine: { indexes: ["color", "owner"] },
      });
      const { machineVersionId, codeUploadFields } = await rig.begin(slug);
      await rig.upload(codeUploadFields, code);
      const finalize = (indexSelectors: object) =>
        rig.call("PUT", `/machines/${slug}/v/${machineVersionId}`, { json: { indexSelectors } });
      const { status, body } = await finalize({ owner: "$.owner", [index]: text });
      expect([status, body.code, body.parameter]).toEqual([400, "invalid-parameter", `indexSelectors.${index}`]);
      expect(body.error).toMatch(why);
      expect((await finalize({ owner: "$.owner" })).status).toBe(200);
    },
  );

  test("a machine without indexes takes no selector", async () => {
    const slug = await machineWith({});
    const { status, body } = await version(slug, { color: "$.color" });
    expect([status, body.parameter, body.error]).toEqual([
      400,
      "indexSelectors.color",
      expect.stringContaining("without any"),
    ]);
  });

  test.each([[["no spaces"]], [[""]], ["color"], [[7]]])(
    "creating a machine with indexes %j is a 400",
    async (indexes) => {
      const { status, body } = await rig.call("POST", "/machines", { json: { slug: `m-${++names}`, indexes } });
      expect([status, body.code]).toEqual([400, "invalid-parameter"]);
      expect(body.parameter).toMatch(/^indexes/);
    },
  );
});
