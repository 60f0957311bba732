// Variables are filled into steps, and HMACs of them computed as deletions demand them, and as anybody's openssl would.

import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { fill } from "../../src/oracle/fill.ts";

const variables = new Map<string, unknown>([
  ["machine", "m-1"],
  ["name", "i-2"],
  ["count", 3],
]);

test("a text that is nothing but a variable is its value; within a text the value is written", () => {
  expect(fill({ a: "{count}", b: ["{machine}/{name}", 7, null] }, variables)).toEqual({
    a: 3,
    b: ["m-1/i-2", 7, null],
  });
  expect(() => fill("{nobody}", variables)).toThrow("nobody");
});

test("an HMAC is that of the filled key and data", () => {
  const script =
    "printf %s i-2 | openssl dgst -sha256 -hmac m-1 -binary | openssl base64 -A | tr '+/' '-_' | tr -d '='";
  const expected = execFileSync("bash", ["-c", script], { encoding: "utf8" });
  const body = { sure: true, proof: { $hmac: { key: "{machine}", data: "{name}" } } };
  expect(fill(body, variables)).toEqual({ sure: true, proof: expected });
});

test("a sum is that of filled numbers", () => {
  expect(fill({ $lte: { $sum: ["{count}", 2500] } }, variables)).toEqual({ $lte: 2503 });
});
