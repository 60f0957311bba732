// The oracle as a library: a report for who asks, and an error for who asks wrongly.

import { afterEach, expect, test } from "vitest";
import { CredentialsRefused, ProfileInvalid, type RunEvent, TargetUnreachable, verify } from "../src/verify.ts";
import { fakeCredentials, startFake } from "./oracle/fake-server.ts";

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
async function target(...fault: Parameters<typeof startFake>) {
  const { url, close } = await startFake(...fault);
  closers.push(close);
  return { url: `${url}/`, ...fakeCredentials, only: ["instance-name-is-taken"] };
}

test("judges, tells what happens, and keeps secrets", { timeout: 60_000 }, async () => {
  const events: RunEvent[] = [];
  const report = await verify({
    ...(await target("duplicate-accepted")),
    seed: 7,
    onEvent: (event) => events.push(event),
  });
  expect(report).toMatchObject({ seed: 7, verdict: "violates", run: { only: ["instance-name-is-taken"] } });
  expect(report.rules.filter(({ status }) => status === "failed").map(({ id }) => id)).toEqual([
    "SB-INST-CREATE-409-DUPLICATE",
  ]);
  expect(events.map(({ event }) => event)).toContain("failure");
  expect(JSON.stringify(report)).not.toContain(fakeCredentials.secretKey);
});

test("takes a profile by name and as it is, and ends when it is told to", { timeout: 60_000 }, async () => {
  const stopped = await verify({ ...(await target()), profile: "short", signal: AbortSignal.abort() });
  expect(stopped.run).toMatchObject({ isInterrupted: true, profile: { title: "Settle with short waiting times" } });
  const profile = { title: "mine", capabilities: [], settleTimeoutMs: 100, pageSize: 100 };
  const report = await verify({ ...(await target()), profile });
  expect(report.rules.some(({ status }) => status === "skipped")).toBe(true);
});

test("says what hinders it", { timeout: 60_000 }, async () => {
  const whole = await target();
  await expect(verify({ ...whole, url: "http://127.0.0.1:9" })).rejects.toThrow(TargetUnreachable);
  await expect(verify({ ...whole, secretKey: "sbsec_other" })).rejects.toThrow(CredentialsRefused);
  await expect(verify({ ...whole, profile: "tea" })).rejects.toThrow(ProfileInvalid);
  await expect(verify({ ...whole, keyId: "" })).rejects.toThrow("verify needs the option keyId");
  const odd = { ...whole, tea: true };
  await expect(verify(odd)).rejects.toThrow("verify has no option tea");
});
