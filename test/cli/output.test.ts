// What the command prints for a program: the ready line first, and each other line with its time.

import { afterEach, expect, test, vi } from "vitest";
import { createOutput } from "../../src/cli/output.ts";

afterEach(() => vi.restoreAllMocks());

test("lines that came before the ready line follow it, with the time at which they came", () => {
  vi.useFakeTimers({ now: 1_800_000_000_000 });
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    const output = createOutput(true);
    output.log({ level: "warn", message: "early" });
    vi.setSystemTime(1_800_000_001_000);
    output.ready({ event: "ready" }, () => "");
    const instance = { orgId: "org", machine: "door", slug: "hall" };
    output.machineLog({ instance, versionId: "ver", outputType: "stdout", log: "hello" });
  } finally {
    vi.useRealTimers();
    vi.restoreAllMocks();
  }
  expect(written.map((line) => JSON.parse(line) as unknown)).toEqual([
    { event: "ready" },
    { event: "log", time: "2027-01-15T08:00:00.000Z", level: "warn", message: "early" },
    {
      ...{ event: "machine-log", time: "2027-01-15T08:00:01.000Z", orgId: "org", machine: "door", slug: "hall" },
      ...{ versionId: "ver", outputType: "stdout", log: "hello" },
    },
  ]);
});
