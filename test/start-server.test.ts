// `startServer` with values that it can't use: each is refused with what would be right, before anything is opened.

import { describe, expect, test } from "vitest";
import type { ServerOptions } from "../src/index.ts";
import { startServer } from "../src/index.ts";

/** The words of the refusal; a server that started all the same is closed. */
async function refusal(options: unknown): Promise<string> {
  try {
    const server = await startServer(options as ServerOptions);
    await server.close();
    return "it started";
  } catch (error) {
    return String(error);
  }
}

const wait = "a number of milliseconds above zero, at most 2147483647";
const url = "an absolute http or https URL";
describe("a wrong value", () => {
  test.each<[string, unknown, string]>([
    ["port", "x", "a port from 0 to 65535, and not 'x'"],
    ["port", -1, "a port from 0 to 65535, and not -1"],
    ["port", 1.5, "a port from 0 to 65535, and not 1.5"],
    ["host", 3, "text that is not empty, and not 3"],
    ["store", "", "text that is not empty, and not ''"],
    ["machines", "./machines", "a list of texts, and not './machines'"],
    ["machines", [7], "a list of texts, and not [ 7 ]"],
    ["watch", "yes", "true or false, and not 'yes'"],
    ["settleTimeoutMs", "10s", `${wait}, and not '10s'`],
    ["settleTimeoutMs", 0, `${wait}, and not 0`],
    ["settleTimeoutMs", 3_600_000_000, `${wait}, and not 3600000000`],
    ["cpuTimeoutMs", Number.NaN, `${wait}, and not NaN`],
    ["retryDelayMs", null, `${wait}, and not null`],
    ["logRetention", 5, "an object, and not 5"],
    ["clock", "moon", `"system" or "manual", and not 'moon'`],
    ["publicUrl", "x", `${url}, and not 'x'`],
    ["publicUrl", "ftp://x", `${url}, and not 'ftp://x'`],
    ["durability", "some", `"process" or "power", and not 'some'`],
    ["responseCheck", true, `"strict", "warn" or "off", and not true`],
    ["log", {}, "a function, and not {}"],
  ])("for %s: %j", async (name, value, words) => {
    const options = { port: 0, store: "memory:", [name]: value };
    expect(await refusal(options)).toBe(`TypeError: ${name} is ${words}`);
  });
});

test("options that are none, and one of a name that every object knows", async () => {
  expect(await refusal(5)).toBe("TypeError: startServer takes an object of options, and not 5");
  expect(await refusal(null)).toBe("TypeError: startServer takes an object of options, and not null");
  expect(await refusal({ toString: 1 })).toBe("TypeError: startServer has no option toString");
});

test("an option that is undefined is one that isn't given", async () => {
  expect(await refusal({ port: 0, store: "memory:", machines: undefined, host: undefined })).toBe("it started");
});
