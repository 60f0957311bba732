// The HMAC of a deletion, by the examples that the document gives.

import { expect, test } from "vitest";
import { isConfirmed } from "../../src/domain/confirmation.ts";
import { document } from "../../src/spec/document.ts";

/** The one value of 43 characters that the document's examples give this field. */
const example = (field: string) => new RegExp(`"${field}":"([\\w-]{43})"`).exec(JSON.stringify(document))?.[1] ?? "";

test("is right in the document's examples, and for those names alone", () => {
  const machine = example("hmacSha256OfMachineNameWithMachineNameKey");
  const instance = example("hmacSha256OfMachineInstanceNameWithMachineNameKey");
  expect([isConfirmed("checkout", "checkout", machine), isConfirmed("checkout", "order-1001", instance)]).toEqual([
    true,
    true,
  ]);
  expect([isConfirmed("checkout", "checkout", instance), isConfirmed("order-1001", "checkout", instance)]).toEqual([
    false,
    false,
  ]);
});
