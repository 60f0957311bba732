// The shortest chain of migrations: found, and always the same one.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { shortestPath } from "../../src/domain/migration-path.ts";
import type { Migration } from "../../src/domain/records.ts";

/** Migrations in the order of their creation, written `ab` for one from a to b; each is named by its number. */
function migrations(...ends: string[]): Migration[] {
  return ends.map(([fromVersionId = "", toVersionId = ""], n) => ({
    id: String(n),
    orgId: "org",
    machine: "m",
    fromVersionId,
    toVersionId,
    createdAt: n,
    codeSha256: "",
  }));
}
const ids = (chain: Migration[] | null) => chain?.map(({ id }) => id).join(",");

describe("the chain is", () => {
  test.each([
    ["one migration", ["ab"], "0"],
    ["two", ["ax", "xb"], "0,1"],
    ["the shorter of two", ["ax", "xb", "ab"], "2"],
    ["the shorter one, though it is older", ["ab", "ax", "xb"], "0"],
    ["the newest between two versions", ["ab", "ab", "ba"], "1"],
    ["the one that begins with the newest", ["ax", "ay", "yb", "xb"], "1,2"],
    ["the one that goes on with the newest", ["ax", "xy", "xz", "yb", "zb"], "0,2,4"],
    ["found past circles", ["aa", "ax", "xa", "xx", "xb", "bb"], "1,4"],
    ["nothing for where one is already", [], ""],
  ])("%s", (_, ends, expected) => {
    expect(ids(shortestPath(migrations(...ends), "a", ends.length === 0 ? "a" : "b"))).toBe(expected);
  });

  test.each([
    ["without any migration", []],
    ["that only lead back", ["ba"]],
    ["that end before", ["ax", "yb"]],
    ["that go round", ["ax", "xa"]],
  ])("none %s", (_, ends) => {
    expect(shortestPath(migrations(...ends), "a", "b")).toBeNull();
  });
});

test("it is a chain, and none is shorter", () => {
  const version = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const graph = fc.array(fc.tuple(version, version), { maxLength: 14 });
  fc.assert(
    fc.property(graph, (edges) => {
      const all = migrations(...edges.map(([from, to]) => from + to));
      const chain = shortestPath(all, "a", "f");
      // As many steps as it takes until the versions within reach hold the end, by brute force.
      let steps: number | null = 0;
      for (let reach = new Set(["a"]); !reach.has("f"); steps++) {
        const next = new Set([...reach, ...all.filter((m) => reach.has(m.fromVersionId)).map((m) => m.toVersionId)]);
        if (next.size === reach.size) {
          steps = null;
          break;
        }
        reach = next;
      }
      expect(chain?.length ?? null).toBe(steps);
      for (const [n, { fromVersionId }] of (chain ?? []).entries()) {
        expect(fromVersionId).toBe(n === 0 ? "a" : chain?.[n - 1]?.toVersionId);
      }
      if (chain?.length) expect(chain.at(-1)?.toVersionId).toBe("f");
    }),
  );
});
