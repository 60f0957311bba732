// What is said of a claim that is not what it must be.

import { expect, test } from "vitest";
import { claimFault } from "../../src/domain/claim-fault.ts";

test.each([
  ["nbf", { nbf: 1_800_000_000 }, "it is not valid before 2027-01-15T08:00:00.000Z (nbf)"],
  ["nbf", { nbf: 1e300 }, "it is not valid before second 1e+300 (nbf)"],
  ["nbf", { nbf: "tomorrow" }, "its claim nbf must be a number of seconds since 1970"],
  ["exp", { exp: null }, "its claim exp must be a number of seconds since 1970"],
  ["aud", {}, "its claim aud must be, or contain, https://here/"],
  ["iss", { iss: 5 }, "its claim iss must be me"],
  ["jti", {}, "its claim jti is not what it must be"],
])("%s of %j", (claim, payload, fault) => {
  expect(claimFault(claim, payload, { aud: "https://here/", iss: "me" })).toBe(fault);
});

test("where nothing is known of what it must be, nothing is said of it", () => {
  expect(claimFault("aud", {}, {})).toBe("its claim aud is not what it must be");
});
