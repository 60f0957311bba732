// A claim is held against the answer in every part that it names.

import { expect, test } from "vitest";
import { refutation } from "../../src/oracle/claims.ts";

const answer = {
  status: 200,
  headers: { "x-a": "1" },
  text: '{"a":1}',
  json: { a: 1 },
  elapsedMs: 10,
  violations: [],
  curl: "",
};
const rule = "SB-ANY";

test.each([
  [{ status: 200 }, { status: 404 }, /status is 200, not 404/],
  [{ body: { a: 1 } }, { body: { a: 2 } }, /the body\/a is 1/],
  [{ text: '{"a":1}' }, { text: "{}" }, /the body is/],
  [{ text: { $pattern: "^." } }, { text: "" }, /the body is/],
  [{ headers: { "x-a": "1" } }, { headers: { "x-a": "2" } }, /header x-a/],
  [{ withinMs: 10 }, { withinMs: 9 }, /took 10 ms/],
])("%j holds, %j does not", (right, wrong, message) => {
  expect(refutation({ rule, ...right }, answer)).toBeNull();
  expect(refutation({ rule, ...wrong }, answer)).toMatch(message);
});
