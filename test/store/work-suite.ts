// What the port promises about works: given out in due order, once, and again after a restart.

import { expect, test, vi } from "vitest";
import type { Work } from "../../src/domain/records.ts";
import type { Change, Store } from "../../src/store/port.ts";

const scope = "org_test/door/a";

function putWork(name: string, dueAt: number, ifRev = 0): Change {
  const task = { kind: "timer" as const, id: name, mark: name, event: { type: name }, authContext: {} };
  const rec: Work = { name, orgId: "org_test", machine: "door", instance: "a", dueAt, tries: 0, task };
  return { op: "put", kind: "work", scope, name, rec, ifRev };
}

const remove = (name: string, ifRev: number): Change => ({ op: "delete", kind: "work", scope, name, ifRev });

export function workTests(store: () => Store, reopen: () => Promise<Store>): void {
  const claimed = async (now: number, limit = 10, from = store()) =>
    (await from.claimDue(now, limit)).map(({ name }) => name);

  test("works are given out by time, then by creation, each once, and not before their time", async () => {
    await store().commit([putWork("c", 30), putWork("b", 20), putWork("a", 20)]);
    expect(store().nextDue()).toBe(20);
    expect(store().peekDue(25, 10)).toMatchObject([{ name: "b", scope, rec: { dueAt: 20 } }, { name: "a" }]);
    expect(await claimed(19)).toEqual([]);
    expect(await claimed(30, 2)).toEqual(["b", "a"]);
    expect(await claimed(30)).toEqual(["c"]);
    expect(await claimed(99)).toEqual([]);
    expect(store().nextDue()).toBeUndefined();
  });

  test("a work that is put again is given out again at its new time, a deleted one never", async () => {
    await store().commit([putWork("again", 10), putWork("moved", 10), putWork("gone", 10)]);
    await store().commit([putWork("moved", 50, 1), remove("gone", 1)]);
    expect(await claimed(20)).toEqual(["again"]);
    await store().commit([putWork("again", 30, 1)]);
    expect(await claimed(99)).toEqual(["again", "moved"]);
  });

  test("deleted and set anew in one commit, it takes its place behind the others", async () => {
    await store().commit([putWork("first", 10), putWork("second", 10)]);
    await store().commit([remove("first", 1), putWork("first", 10)]);
    expect(await claimed(10)).toEqual(["second", "first"]);
  });

  test("whoever listens hears of works once they are durable, and of nothing else", async () => {
    const heard = vi.fn(() => store().nextDue());
    const stop = store().onWork(heard);
    await store().commit([putWork("a", 10)]);
    expect(heard).toHaveReturnedWith(10);
    await store().commit([remove("a", 1)]);
    stop();
    await store().commit([putWork("b", 10)]);
    expect(heard).toHaveBeenCalledOnce();
  });

  test("what was given out and not done is given out again after a restart", async () => {
    await store().commit([putWork("done", 10), putWork("undone", 10), putWork("later", 90)]);
    expect(await claimed(10)).toEqual(["done", "undone"]);
    await store().commit([remove("done", 1)]);
    const before = store();
    const reopened = await reopen();
    if (reopened === before) return; // forgets everything when it is closed
    expect(await claimed(10, 10, reopened)).toEqual(["undone"]);
    expect(reopened.nextDue()).toBe(90);
  });
}
