// What the checker of the kill rounds minds about one instance, and what it doesn't.

import { expect, test } from "vitest";
import { judge, type Reading } from "./check.ts";
import type { Fact, Sent } from "./ledger.ts";

const told = (noted: number) => ({ ts: 1_000 + noted, state: noted % 2 === 0 ? "even" : "odd", noted });
const reminder = { id: "b", writer: "w1", told: told(2), delayMs: 5 };
const sent: Sent[] = [
  { id: "a", writer: "w0", told: told(1) },
  reminder,
  { id: "c", writer: "w0", told: told(3) },
  { id: "d", writer: "w0", told: null, isFound: true },
  { id: "e", writer: "w1", told: null },
];
const fact: Fact = { slug: "x", made: "x of 1", creation: "certain", created: told(0), deletion: "none", sent };
const right = ["a", "b", "c", "ring of b", "d"];

function reading(seen: string[], more: Partial<Reading> = {}): Reading {
  const rows = seen.map((id, i) => ({
    id,
    state: told(i + 1).state,
    createdAt: new Date(told(i + 1).ts).toISOString(),
  }));
  const { ts, state } = told(seen.length);
  return { made: "x of 1", seen, ts, state, history: rows, ...more };
}

test.each([
  ["all of it", reading(right)],
  ["what was never answered", reading([...right, "e"])],
])("%s is right", (_what, read) => {
  expect(judge(fact, read)).toEqual([]);
});

test.each<[string, Reading, string]>([
  ["another instance", reading(right, { made: "x of 2" }), "is the one of x of 2"],
  ["an acknowledged event lost", reading(["a", "b", "ring of b", "d"]), "c was acknowledged, and is lost"],
  ["one that was found lost", reading(right.slice(0, -1)), "d was there, and is lost"],
  ["a place moved", reading(["b", "a", "c", "ring of b", "d"]), "a was answered with odd at 1001 after 1"],
  [
    "a time changed",
    reading(["a", "b", "c", "ring of b", "d"], {
      history: reading(right).history.with(0, { id: "a", state: "odd", createdAt: new Date(7).toISOString() }),
    }),
    "a was answered",
  ],
  ["a reminder lost", reading(["a", "b", "c", "d"]), "ring of b never came"],
  ["a reminder of nothing", reading(["a", "ring of b", "c", "d"]), "ring of b came, and b is not there"],
  ["an event twice", reading([...right, "e", "e"]), "something happened twice"],
  ["an event of nobody", reading([...right, "z"]), "z was never sent"],
  [
    "a gap in the history",
    reading(right, { history: reading(right).history.toSpliced(3, 1) }),
    "its history is a,b,c,d",
  ],
  ["a snapshot of another time", reading(right, { state: "even" }), "is even after 5 events"],
  ["a writer's order", reading(["d", "a", "b", "c", "ring of b"]), "w0's events are out of order"],
])("%s is minded", (_what, read, fault) => {
  expect(judge(fact, read)).toContainEqual(expect.stringContaining(fault));
});

test("an instance that nobody wrote to stands as its creation was answered", () => {
  const untouched = { ...fact, sent: [] };
  expect(judge(untouched, reading([]))).toEqual([]);
  expect(judge(untouched, reading([], { ts: 7 }))).toEqual([
    "was last answered with even at 1000 after 0, and is even at 7 after 0",
  ]);
});
