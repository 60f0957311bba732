// What of salvaged rows is made anew: as their lines say as far as they can be read, else as other records say, and always said aloud.

import { expect, test } from "vitest";
import { fitRows } from "../../src/operations/state/fit.ts";
import type { NewRow } from "../../src/store/port.ts";
import { instance, machine, scope, version } from "../store/support.ts";

const org: NewRow = { kind: "org", scope: "", name: "org_test", rec: { id: "org_test", name: "", createdAt: 1 } };
const door = (currentVersionId: string): NewRow => {
  return { kind: "machine", scope: "org_test", name: "door", rec: { ...machine("door"), currentVersionId } };
};
const a: NewRow = { kind: "instance", scope, name: "a", rec: { ...instance("a"), createdAt: 7 } };
const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64)) as [string, string, string];
const versionRow = (id: string, createdAt: number, codeSha256 = one): NewRow => {
  return { kind: "version", scope, name: id, rec: { ...version(id, codeSha256), createdAt } };
};
const madeOf = (rows: NewRow[], lines: string[] = [], codes = [one, two, three]) =>
  fitRows([org, ...rows], { lines, codes: new Set(codes) });
function recOf({ rows }: { rows: NewRow[] }, kind: NewRow["kind"], name: string): unknown {
  return rows.find((row) => row.kind === kind && row.name === name)?.rec;
}

test("a machine is made anew of its line, and its current version is the one that is said there", () => {
  const versions = [versionRow("ver_test", 5), versionRow("ver_2", 9)];
  const line = `{"kind:"machine","scope":"org_test","name":"door","rec":{"slug":"door","indexes":["color"],"currentVersionId":"ver_test"}}`;
  const fitted = madeOf([...versions, a], [line]);
  expect(recOf(fitted, "machine", "door")).toEqual({
    ...{ orgId: "org_test", slug: "door", createdAt: 5 },
    ...{ indexes: ["color"], currentVersionId: "ver_test" },
  });
  expect(fitted.givenUp).toEqual([
    "the record of machine door, which is made anew of what is left of its line: its current version is ver_test",
  ]);
  expect(recOf(fitted, "instance", "a")).toBeDefined();
});

test("without its line, it has the newest version, whatever their order, and the indexes that they select", () => {
  const selecting: NewRow = {
    ...{ kind: "version", scope, name: "ver_2" },
    rec: { ...version("ver_2", one), createdAt: 9, indexSelectors: { color: "$.color" } },
  };
  const fitted = madeOf([selecting, versionRow("ver_test", 5), a]);
  expect(recOf(fitted, "machine", "door")).toMatchObject({ currentVersionId: "ver_2", indexes: ["color"] });
});

test("a version is made anew of its line, unless that doesn't say which code it was, or the code is not there", () => {
  const line = `{"kind":"version,"name":"ver_test","rec":{"id":"ver_test","createdAt":3,"indexSelectors":{"a":"$.a"},"codeSha256":"${two}","xstate":4}}`;
  const fitted = madeOf([door("ver_test"), a], [line]);
  expect(recOf(fitted, "version", "ver_test")).toEqual({
    ...version("ver_test", two),
    ...{ createdAt: 3, indexSelectors: { a: "$.a" }, xstate: 4 },
  });
  expect(recOf(fitted, "machine", "door")).toMatchObject({ currentVersionId: "ver_test" });
  for (const [damaged, codes] of [
    [line.replace(two, "2222"), [one, two, three]],
    [line.replace(two, three), [one, two]],
    [line.replace('"xstate"', '"xstat'), [one, two, three]],
    [line.replace('"id":"ver_test"', '"id":"mig_test","fromVersionId":"ver_test"'), [one, two, three]],
  ] as const) {
    expect(madeOf([door("ver_test"), a], [damaged], [...codes]).codes).toHaveLength(1);
  }
});

test("a version whose code nobody can tell holds its instances, and is no machine's current one", () => {
  const fitted = madeOf([door("ver_test"), versionRow("ver_2", 9), a]);
  expect(recOf(fitted, "instance", "a")).toBeDefined();
  expect(fitted.codes).toEqual([
    expect.stringMatching(/^throw new Error\("The code of version ver_test of machine door was lost/),
  ]);
  expect(recOf(fitted, "machine", "door")).toEqual(machine("door"));
  expect(fitted.givenUp).toEqual([
    expect.stringMatching(/^the record of version ver_test of machine door, and which code it had: /),
    "the current version ver_test of machine door: publish it again",
  ]);
});

test("one whose code is the only one that nothing else names gets that", () => {
  const fitted = madeOf([door("ver_2"), versionRow("ver_2", 9, one), a], [], [one, two, "not-code"]);
  expect(recOf(fitted, "version", "ver_test")).toMatchObject({ codeSha256: two, xstate: 5, createdAt: 7 });
  expect(fitted.codes).toEqual([]);
  expect(fitted.givenUp).toEqual([expect.stringContaining(`its code is taken to be ${two}, the only one`)]);
});

test("nothing is made for a version that no instance needs", () => {
  const fitted = madeOf([door("ver_test")]);
  expect(recOf(fitted, "version", "ver_test")).toBeUndefined();
  expect(fitted.givenUp).toEqual(["the current version ver_test of machine door: publish it again"]);
});
