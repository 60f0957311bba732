// Which identity providers a token can be from.

import { expect, test } from "vitest";
import { candidateNames, identityProviderName } from "../../src/domain/provider-names.ts";

test("a missing claim is not the text null, and nothing is read as a URL", () => {
  const names = [
    { aud: "a" },
    { iss: "a" },
    { aud: "null", iss: "a" },
    { aud: "a", iss: "null" },
    { aud: "a", iss: "a" },
  ];
  const urls = [
    "https://org_A.example",
    "https://org_a.example",
    "https://org_A.example/",
    "https://org_A.example:443",
  ];
  const all = [...names, ...urls.map((iss) => ({ iss }))].map(identityProviderName);
  expect(new Set(all).size).toBe(all.length);
});

test("candidates come the most specific first, each audience once", () => {
  expect(candidateNames(["a", "b", "a"], "i")).toEqual([
    [identityProviderName({ aud: "a", iss: "i" }), identityProviderName({ aud: "b", iss: "i" })],
    [identityProviderName({ aud: "a" }), identityProviderName({ aud: "b" })],
    [identityProviderName({ iss: "i" })],
  ]);
  expect(candidateNames(["a"], undefined)).toEqual([[identityProviderName({ aud: "a" })]]);
  expect(candidateNames([], "i")).toEqual([[identityProviderName({ iss: "i" })]]);
  expect(candidateNames([], undefined)).toEqual([]);
});
