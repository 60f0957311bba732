// What the port promises, run against every adapter.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Change, type Store, StoreConflict, StoreUnavailable } from "../../src/store/port.ts";
import { queryTests } from "./query-suite.ts";
import { replaceTests } from "./replace-suite.ts";
import {
  instance,
  machine,
  namesInPages,
  putBlob,
  putInstance,
  putLog,
  remove,
  scope,
  step,
  transition,
} from "./support.ts";
import { workTests } from "./work-suite.ts";

export interface Subject {
  store: Store;
  /** The store closed and opened again, where it outlives that; else the same one. */
  reopen(): Promise<Store>;
  /** Closes it and leaves nothing behind. */
  end(): Promise<void>;
}

export function storeSuite(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject;
    let store: Store;
    beforeEach(async () => {
      subject = await open();
      store = subject.store;
    });
    afterEach(() => subject.end());
    const current = () => store;
    recordTests(current);
    keyTests(current, () => subject.reopen());
    commitTests(current);
    pageTests(current);
    historyTests(current);
    queryTests(current, () => subject.reopen());
    seekTests(current, () => subject.reopen());
    laneTests(current);
    blobTests(current);
    valueTests(current, () => subject.reopen());
    workTests(current, () => subject.reopen());
    replaceTests(current, () => subject.reopen());
    closeTests(current);
  });
}

function recordTests(store: () => Store): void {
  test("a record is found under its kind, scope and name, and nowhere else", async () => {
    expect(await store().commit([putInstance("a", 0)])).toEqual([1]);
    expect(await store().get("instance", scope, "a")).toMatchObject({ rec: { slug: "a" }, rev: 1 });
    expect(await store().get("instance", scope, "b")).toBeNull();
    expect(await store().get("instance", "org_test/gate", "a")).toBeNull();
    expect(await store().get("machine", scope, "a")).toBeNull();
  });

  test("scope and name are kept apart, whatever they contain", async () => {
    const places = [
      ["a", "bc"],
      ["ab", "c"],
      ["a\u0000", "b"],
      ["a", "\u0000b"],
      ["", "abc"],
      ["__proto__", "constructor"],
    ] as const;
    const creates = places.map(([inScope, name]) => {
      const rec = instance(`${inScope}|${name}`);
      return store().commit([{ op: "put", kind: "instance", scope: inScope, name, rec, ifRev: 0 }]);
    });
    expect(await Promise.all(creates)).toEqual(places.map(() => [1]));
    for (const [inScope, name] of places) {
      expect((await store().get("instance", inScope, name))?.rec.slug).toBe(`${inScope}|${name}`);
    }
  });

  test("each put makes the next revision in the same place", async () => {
    await store().commit([putInstance("a", 0), putInstance("b", 0)]);
    const before = await store().get("instance", scope, "a");
    expect(await store().commit([putInstance("a", 1, { n: 2 })])).toEqual([2]);
    const after = await store().get("instance", scope, "a");
    expect(after).toMatchObject({ rec: { context: { n: 2 } }, rev: 2, order: before?.order });
    expect(before).toMatchObject({ rec: { context: {} }, rev: 1 }); // what was read stays what it was
  });
}

function keyTests(store: () => Store, reopen: () => Promise<Store>): void {
  const putKey = (orgId: string, id: string, ifRev = 0): Change => {
    const rec = { id, orgId, name: "k", secret: "sbsec_test", scopes: [], createdAt: 1 };
    return { op: "put", kind: "key", scope: orgId, name: id, rec, ifRev };
  };
  const deleteKey = (orgId: string, id: string, ifRev: number): Change => {
    return { op: "delete", kind: "key", scope: orgId, name: id, ifRev };
  };

  test("a key is found by its id alone, for as long as it exists", async () => {
    await store().commit([putKey("org_a", "sbk_1"), putKey("org_b", "sbk_2"), putKey("org_a", "sbk_3")]);
    await store().commit([putKey("org_b", "sbk_2", 1)]);
    expect(await store().keyById("sbk_2")).toEqual(await store().get("key", "org_b", "sbk_2"));
    for (const unknown of ["sbk_4", "", "__proto__", "org_a"]) expect(await store().keyById(unknown)).toBeNull();
    await store().commit([deleteKey("org_a", "sbk_1", 1)]);
    expect(await store().keyById("sbk_1")).toBeNull();
    const again = await reopen();
    expect(await again.keyById("sbk_1")).toBeNull();
    expect(await again.keyById("sbk_2")).toMatchObject({ rec: { orgId: "org_b" }, rev: 2 });
    expect(await again.keyById("sbk_3")).toMatchObject({ rec: { orgId: "org_a" }, rev: 1 });
  });

  test("a key that was not committed is not found", async () => {
    const refused = store().commit([putKey("org_a", "sbk_1"), putKey("org_a", "sbk_2", 7)]);
    await expect(refused).rejects.toThrow(StoreConflict);
    expect(await store().keyById("sbk_1")).toBeNull();
  });
}

function commitTests(store: () => Store): void {
  test("a commit is applied whole or not at all", async () => {
    await store().commit([putInstance("a", 0)]);
    const refused = store().commit([putInstance("new", 0), putInstance("a", 7), ...step("b", 0)]);
    await expect(refused).rejects.toThrow(StoreConflict);
    expect(await namesInPages(store(), 10)).toEqual(["a"]);
    await store().commit([putInstance("new", 0), putInstance("a", 1), remove("new", 1), ...step("b", 0)]);
    expect(await namesInPages(store(), 10)).toEqual(["a", "b"]);
  });

  test.each<[string, Change]>([
    ["a create of what exists", putInstance("a", 0)],
    ["a put at an old revision", putInstance("a", 1)],
    ["a put at a future revision", putInstance("a", 3)],
    ["a delete at an old revision", remove("a", 1)],
  ])("%s is a conflict that says where the record is now", async (_, change) => {
    await store().commit([putInstance("a", 0)]);
    await store().commit([putInstance("a", 1)]);
    const refusal = await store()
      .commit([change])
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StoreConflict);
    expect(refusal).toMatchObject({ ref: { kind: "instance", scope, name: "a" }, actualRev: 2 });
    expect(await store().get("instance", scope, "a")).toMatchObject({ rev: 2 });
  });

  test("of concurrent creates of one name exactly one wins, and it is there when the others are told", async () => {
    let seenByLosers = 0;
    const tries = Array.from({ length: 20 }, async (_, n) => {
      try {
        await store().commit([putInstance("a", 0, { n })]);
        return n;
      } catch (error) {
        expect(error).toBeInstanceOf(StoreConflict);
        if ((await store().get("instance", scope, "a")) !== null) seenByLosers++;
        return null;
      }
    });
    const winners = (await Promise.all(tries)).filter((n) => n !== null);
    expect(winners).toHaveLength(1);
    expect(seenByLosers).toBe(19);
    expect((await store().get("instance", scope, "a"))?.rec.context).toEqual({ n: winners[0] });
  });

  test("nothing is seen before its commit resolved", async () => {
    const pending = store().commit([...step("a", 0)]);
    expect(await store().get("instance", scope, "a")).toBeNull();
    expect(await namesInPages(store(), 10)).toEqual([]);
    expect((await store().history(scope, "a", 0, 10)).items).toEqual([]);
    await pending;
    expect(await store().get("instance", scope, "a")).not.toBeNull();
  });

  test("commits may build on ones that are not durable yet", async () => {
    const revs = await Promise.all([0, 1, 2, 3].map((rev) => store().commit(step("a", rev))));
    expect(revs).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
      [4, 0],
    ]);
    expect((await store().history(scope, "a", 0, 10)).items.map((row) => row.seq)).toEqual([1, 2, 3, 4]);
    const afterDelete = Promise.all([store().commit([remove("a", 4)]), store().commit([putInstance("a", 0)])]);
    expect(await afterDelete).toEqual([[0], [1]]);
  });

  describe("a commit that expects a record", () => {
    const expectInstance = (name: string, order: number): Change => ({
      op: "expect",
      kind: "instance",
      scope,
      name,
      order,
    });
    const orderOf = async (name: string) => (await store().get("instance", scope, name))?.order ?? 0;

    test("goes through whatever revision it is at, and answers nothing for the expectation", async () => {
      await store().commit([putInstance("a", 0)]);
      const order = await orderOf("a");
      await store().commit([putInstance("a", 1)]);
      expect(await store().commit([expectInstance("a", order), putInstance("b", 0)])).toEqual([0, 1]);
      const pending = [store().commit([putInstance("a", 2)]), store().commit([expectInstance("a", order)])];
      expect(await Promise.all(pending)).toEqual([[3], [0]]);
    });

    test("is refused when the record is gone, or another one under its name, though at the same revision", async () => {
      await store().commit([putInstance("a", 0)]);
      const order = await orderOf("a");
      const late = () => store().commit([expectInstance("a", order), putInstance("b", 0)]);
      // Deleted, but not durably yet: the fence knows already.
      const [, refused] = await Promise.allSettled([store().commit([remove("a", 1)]), late()]);
      expect(refused).toMatchObject({ status: "rejected", reason: { ref: { name: "a" }, actualRev: 0 } });
      await store().commit([putInstance("a", 0)]);
      await expect(late()).rejects.toThrow(StoreConflict);
      expect(await namesInPages(store(), 10)).toEqual(["a"]);
    });
  });

  describe("a commit that expects an empty scope", () => {
    const expectNone = (inScope = scope): Change => ({ op: "expectNone", kind: "instance", scope: inScope });

    test("is refused while there is a record, durable or on its way", async () => {
      const refusal = { ref: { kind: "instance", scope, name: "" } };
      const [, early] = await Promise.allSettled([
        store().commit([putInstance("a", 0)]),
        store().commit([expectNone()]),
      ]);
      expect(early).toMatchObject({ status: "rejected", reason: refusal });
      const [, late] = await Promise.allSettled([
        store().commit([putInstance("a", 1)]),
        store().commit([expectNone()]),
      ]);
      expect(late).toMatchObject({ status: "rejected", reason: refusal });
      await expect(store().commit([expectNone(), remove("a", 2)])).rejects.toThrow(StoreConflict);
      await expect(store().commit([remove("a", 2), putInstance("b", 0), expectNone()])).rejects.toThrow(StoreConflict);
      expect(await namesInPages(store(), 10)).toEqual(["a"]);
    });

    test("goes through once the records are gone, by the same commit or one on its way; other scopes don't matter", async () => {
      expect(await store().commit([expectNone()])).toEqual([0]);
      await store().commit([putInstance("a", 0), putInstance("b", 0)]);
      expect(await store().commit([expectNone("org_test/doo"), expectNone("org_test/door2")])).toEqual([0, 0]);
      const emptied = [store().commit([remove("a", 1)]), store().commit([remove("b", 1), expectNone()])];
      expect(await Promise.all(emptied)).toEqual([[0], [0, 0]]);
      expect(await store().commit([expectNone()])).toEqual([0]);
    });
  });

  test("deleting what is to be absent, and committing nothing, are fine", async () => {
    expect(await store().commit([remove("ghost", 0)])).toEqual([0]);
    expect(await store().commit([])).toEqual([]);
  });
}

function pageTests(store: () => Store): void {
  test("pages list a scope in creation order; the last one has no next", async () => {
    for (const name of ["c", "a", "b"]) await store().commit([putInstance(name, 0)]);
    const elsewhere = {
      op: "put",
      kind: "machine",
      scope: "org_test",
      name: "door",
      rec: machine("door"),
      ifRev: 0,
    } as const;
    await store().commit([elsewhere, putInstance("c", 1)]);
    expect(await namesInPages(store(), 10)).toEqual(["c", "a", "b"]);
    expect(await namesInPages(store(), 1)).toEqual(["c", "a", "b"]);
    const full = await store().list("instance", scope, 0, 3);
    expect(full.items).toHaveLength(3);
    expect(full).not.toHaveProperty("next");
    expect(await store().list("instance", "org_test/none", 0, 3)).toEqual({ items: [] });
    await expect(store().list("instance", scope, 0, 0)).rejects.toThrow(RangeError);
  });

  test("writes and deletes between pages neither repeat nor hide another record", async () => {
    const names = Array.from({ length: 250 }, (_, n) => `i${n}`);
    await Promise.all(names.map((name) => store().commit([putInstance(name, 0)])));
    const listed = await namesInPages(store(), 100, async (page) => {
      await store().commit([putInstance(`i${page}`, 1), putInstance(`i${page + 220}`, 1)]); // before and after the position
      await store().commit([
        remove(`i${page + 10}`, 1),
        remove(`i${page * 100 - 1}`, 1),
        putInstance(`late${page}`, 0),
      ]);
    });
    expect(listed).toEqual([...names, "late1", "late2"]);
  });

  test("pages stay right when most records before and behind the position are deleted", async () => {
    const names = Array.from({ length: 200 }, (_, n) => `i${n}`);
    await Promise.all(names.map((name) => store().commit([putInstance(name, 0)])));
    const listed = await namesInPages(store(), 50, async (page) => {
      if (page > 1) return;
      for (const [n, name] of names.entries()) if (n % 10 !== 0) await store().commit([remove(name, 1)]);
    });
    expect(listed).toEqual([...names.slice(0, 50), ...names.slice(50).filter((_, n) => n % 10 === 0)]);
    expect(await namesInPages(store(), 7)).toEqual(names.filter((_, n) => n % 10 === 0));
  });

  test("a record made again under its name is a new one: last in order, at revision 1", async () => {
    for (const name of ["a", "b"]) await store().commit([putInstance(name, 0)]);
    const before = await store().get("instance", scope, "a");
    await store().commit([remove("a", 1)]);
    expect(await store().get("instance", scope, "a")).toBeNull();
    await store().commit([putInstance("a", 0)]);
    await store().commit([remove("b", 1), putInstance("b", 0)]);
    expect(await namesInPages(store(), 10)).toEqual(["a", "b"]);
    expect((await store().list("instance", scope, before?.order ?? 0, 10)).items).toHaveLength(2);
    expect(await store().get("instance", scope, "a")).toMatchObject({ rev: 1 });
  });
}

function historyTests(store: () => Store): void {
  test("a history is read in pages", async () => {
    for (let rev = 0; rev < 5; rev++) await store().commit(step("a", rev, { type: "push", n: rev }));
    const first = await store().history(scope, "a", 0, 2);
    expect(first).toEqual({
      items: [transition(1, { type: "push", n: 0 }), transition(2, { type: "push", n: 1 })],
      next: 2,
    });
    const last = await store().history(scope, "a", 3, 2);
    expect(last).toEqual({ items: [transition(4, { type: "push", n: 3 }), transition(5, { type: "push", n: 4 })] });
    expect(await store().history(scope, "a", 5, 2)).toEqual({ items: [] });
    expect(await store().history(scope, "a", 50, 2)).toEqual({ items: [] });
    expect(await store().history(scope, "ghost", 0, 2)).toEqual({ items: [] });
    await expect(store().history(scope, "a", 0, 0)).rejects.toThrow(RangeError);
  });

  test.each([
    ["leaves a gap", [3]],
    ["repeats", [1]],
    ["has a gap inside", [2, 4]],
    ["starts at zero", [0]],
  ])("a history that %s is refused, with all of its commit", async (_, seqs) => {
    await store().commit(step("a", 0));
    const rows = seqs.map((seq) => transition(seq));
    await expect(store().commit([putInstance("a", 1), { op: "append", scope, name: "a", rows }])).rejects.toThrow(
      RangeError,
    );
    expect(await store().get("instance", scope, "a")).toMatchObject({ rev: 1 });
    expect((await store().history(scope, "a", 0, 10)).items).toHaveLength(1);
    await store().commit(step("a", 1));
    expect((await store().history(scope, "a", 0, 10)).items).toHaveLength(2);
  });

  test("only an instance that exists has a history; no rows change nothing", async () => {
    await expect(store().commit([{ op: "append", scope, name: "ghost", rows: [transition(1)] }])).rejects.toThrow(
      RangeError,
    );
    await store().commit([putInstance("a", 0), { op: "append", scope, name: "a", rows: [] }]);
    expect((await store().history(scope, "a", 0, 10)).items).toEqual([]);
  });

  test("a stale revision is told as a conflict, not as the gap that it causes", async () => {
    await store().commit(step("a", 0));
    const late: Change[] = [{ op: "append", scope, name: "a", rows: [transition(1)] }, putInstance("a", 0)];
    await expect(store().commit(late)).rejects.toThrow(StoreConflict);
  });

  test("an instance's history goes with it", async () => {
    await store().commit(step("a", 0));
    await store().commit([remove("a", 1)]);
    expect((await store().history(scope, "a", 0, 10)).items).toEqual([]);
    await store().commit(step("a", 0, { type: "again" }));
    expect((await store().history(scope, "a", 0, 10)).items).toEqual([transition(1, { type: "again" })]);
    await store().commit([remove("a", 1), ...step("a", 0, { type: "at once" })]);
    expect((await store().history(scope, "a", 0, 10)).items).toEqual([transition(1, { type: "at once" })]);
  });
}

function seekTests(store: () => Store, reopen: () => Promise<Store>): void {
  test("a log is listed from any place in it, whatever was deleted", async () => {
    expect(await store().seek("log", "org_test", "1")).toBe(0);
    await store().commit([...["1", "2", "4", "5"].map((name) => putLog(name)), putInstance("a", 0)]);
    await store().commit([putLog("7"), { op: "delete", kind: "log", scope: "org_test", name: "4", ifRev: 1 }]);
    const namesFrom = async (name: string) => {
      const { items } = await store().list("log", "org_test", await store().seek("log", "org_test", name), 10);
      return items.map(({ rec }) => rec.log).join("");
    };
    const all = () => Promise.all(["0", "1", "3", "4", "5", "6", "7", "8"].map(namesFrom));
    expect(await all()).toEqual(["1257", "1257", "57", "57", "57", "7", "7", ""]);
    store = (
      (again) => () =>
        again
    )(await reopen());
    expect(await all()).toEqual(["1257", "1257", "57", "57", "57", "7", "7", ""]);
  });
}

function laneTests(store: () => Store): void {
  test("a lane runs one at a time, first come first served, whatever throws", async () => {
    const seen: string[] = [];
    let inside = 0;
    const calls = Array.from({ length: 20 }, (_, n) =>
      store().exclusive("lane", async () => {
        expect(++inside).toBe(1);
        await new Promise(setImmediate);
        seen.push(String(n));
        inside--;
        if (n % 3 === 0) throw new Error(`no ${n}`);
        return n;
      }),
    );
    const results = await Promise.allSettled(calls);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => String(n)));
    expect(results[1]).toEqual({ status: "fulfilled", value: 1 });
    expect(results[3]).toMatchObject({ status: "rejected", reason: { message: "no 3" } });
    expect(await store().exclusive("lane", async () => "idle again")).toBe("idle again");
  });

  test("different lanes don't wait for each other", async () => {
    let release = () => {};
    const held = store().exclusive("a", () => new Promise<void>((resolve) => (release = resolve)));
    expect(await store().exclusive("b", async () => "through")).toBe("through");
    release();
    await held;
  });

  test("read, then commit in a lane: no update is lost", async () => {
    const add = () =>
      store().exclusive("a", async () => {
        const rev = (await store().get("instance", scope, "a"))?.rev ?? 0;
        await store().commit(step("a", rev));
      });
    await Promise.all(Array.from({ length: 50 }, add));
    expect(await store().get("instance", scope, "a")).toMatchObject({ rev: 50 });
    expect((await store().history(scope, "a", 0, 100)).items.map((row) => row.seq)).toEqual(
      Array.from({ length: 50 }, (_, n) => n + 1),
    );
  });
}

function blobTests(store: () => Store): void {
  test("bytes are kept under their SHA-256", async () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    const bytes = new TextEncoder().encode("abc");
    expect(await Promise.all([putBlob(store(), bytes), putBlob(store(), bytes)])).toEqual([abc, abc]);
    expect(await putBlob(store(), bytes)).toBe(abc);
    expect(Buffer.from((await store().getBlob(abc)) ?? []).toString()).toBe("abc");
    const empty = await putBlob(store(), new Uint8Array());
    expect(await store().getBlob(empty)).toHaveLength(0);
  });

  test("an unknown or malformed name is no blob", async () => {
    expect(await store().getBlob("0".repeat(64))).toBeNull();
    for (const name of ["", "abc", "../db.json", "0".repeat(63)]) expect(await store().getBlob(name)).toBeNull();
  });
}

function valueTests(store: () => Store, reopen: () => Promise<Store>): void {
  test.each([
    ["astral characters", { "🚪": "𝒟oor 👩‍👩‍👧" }],
    ["NUL and control characters", { "\u0000": "a\u0000b\u0001\u007f\u2028\r\n" }],
    ["lone surrogates", { "\ud800": "\udc00 and \ud83d" }],
    [
      "keys of Object.prototype",
      JSON.parse('{"__proto__":{"polluted":true},"constructor":1,"toString":null,"hasOwnProperty":[]}'),
    ],
    ["numbers at their limits", { n: [1e21, 5e-324, 0.1, Number.MAX_SAFE_INTEGER, -1] }],
    ["members that are called as the store's own", { a: 1, rec: { crc: "00000000", rec: [] }, deleted: true }],
    ["what looks like the store's own text", { rec: '","rec":{}}', crc: '{"crc":"00000000"', end: ']}\n],"sha256":"' }],
    ["nesting", JSON.parse(`${"[".repeat(200)}1${"]".repeat(200)}`)],
  ])("%s come back as they went in", async (_, value) => {
    await store().commit([
      putInstance("a", 0, { value }),
      { op: "append", scope, name: "a", rows: [transition(1, { type: "t", value })] },
    ]);
    const again = await reopen();
    const context = (await again.get("instance", scope, "a"))?.rec.context;
    expect(JSON.stringify(context)).toBe(JSON.stringify({ value }));
    const [row] = (await again.history(scope, "a", 0, 10)).items;
    expect(JSON.stringify(row)).toBe(JSON.stringify(transition(1, { type: "t", value })));
    expect(Object.prototype).not.toHaveProperty("polluted");
  });

  test("large records and large batches", async () => {
    const large = "é".repeat(2_000_000);
    await Promise.all([1, 2, 3].map((n) => store().commit([putInstance(`large${n}`, 0, { large, n })])));
    const again = await reopen();
    for (const n of [1, 2, 3]) {
      const context = (await again.get("instance", scope, `large${n}`))?.rec.context;
      expect(context?.large === large && context.n === n).toBe(true);
    }
  });
}

function closeTests(store: () => Store): void {
  test.each<[string, () => Promise<unknown>[]]>([
    ["commits", () => [0, 1, 2].map((rev) => store().commit(step("a", rev)))],
    ["a blob", () => [putBlob(store(), new Uint8Array([1]))]],
  ])("close finishes what was accepted: %s", async (_, start) => {
    let told = 0;
    const accepted = start().map((call) => call.then(() => told++));
    await store().close();
    expect(told).toBe(accepted.length);
  });

  test("close refuses what comes later, for good; closing again is fine", async () => {
    await store().close();
    await store().close();
    const calls = [
      () => store().get("instance", scope, "a"),
      () => store().keyById("sbk_1"),
      () => store().list("instance", scope, 0, 1),
      () => store().history(scope, "a", 0, 1),
      () => store().seek("log", "org_test", "1"),
      () => store().query(scope, { index: "color", dir: "asc", limit: 1 }),
      () => store().exclusive("a", async () => {}),
      () => store().commit(step("a", 3)),
      () => putBlob(store(), new Uint8Array([1])),
      () => store().getBlob("0".repeat(64)),
    ];
    for (const call of calls) {
      const refusal = await call().catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(StoreUnavailable);
      expect(refusal).toMatchObject({ final: true });
    }
  });
}
