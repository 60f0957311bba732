// The limits that a server has when nobody sets any: those of production, each told with what it is and what met it.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let rig: Rig;
let names = 0;
beforeAll(async () => {
  rig = await startRig();
  const events = {
    BOMB: "{ guard: () => { const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1)); }, target: 'z' }",
    LOOP: "{ guard: () => { for (;;) {} }, target: 'z' }",
  };
  const more = Object.entries(events).map(([name, transition]) => `${name}: ${transition}, `);
  await rig.publish("m", openMachine.replace("ADD:", `${more.join("")}ADD:`));
});
afterAll(() => rig.server.close());

test.each([
  ["context", { type: "FILL", size: 400_001 }, 400, "context-too-large", /400\d{3} bytes.* limit is 400000$/],
  ["memory", { type: "BOMB" }, 500, "memory-limit", /held \d{3,} MB.* limit is 128 MB$/],
  ["time without yielding", { type: "LOOP" }, 500, "cpu-limit", /more than 1000 ms/],
])("%s", async (_what, event, status, code, error) => {
  const slug = `i${++names}`;
  await rig.call("POST", "/machines/m", { json: { slug } });
  const answer = await rig.call("POST", `/machines/m/i/${slug}/events`, { json: { event } });
  expect(answer).toMatchObject({ status, body: { code, error: expect.stringMatching(error) } });
  const { body } = await rig.call("GET", `/logs?from=2020-01-01T00:00:00Z&instance=${slug}`);
  const { logs } = body as { logs: { outputType: string; log: string }[] };
  const note = {
    outputType: "stderr",
    log: expect.stringMatching(/^the machine was stopped in the event '\w+' of i\d: /),
  };
  expect(logs).toEqual(status === 500 ? [expect.objectContaining(note)] : []);
});

test("settle time", { timeout: 30_000 }, async () => {
  const token = await rig.token({ act: { sub: "never" } });
  const answer = await rig.call("POST", "/machines/m", { token, json: { slug: "never" } });
  const body = { code: "settle-timeout", error: expect.stringMatching(/settle timeout of 10000 ms$/) };
  expect(answer).toMatchObject({ status: 504, body });
});

test.each(["snapshots", "snapshots/x/restore", "reset", "explain", "clock/advance"])(
  "bodies of the control plane: %s",
  async (path) => {
    const answer = await rig.call("POST", `/_settle/${path}`, { text: " ".repeat(1_000_001) });
    expect(answer).toMatchObject({ status: 413, body: { code: "body-too-large" } });
  },
);

test("bundles, gzipped and plain", async () => {
  const { codeUploadFields } = await rig.begin("m");
  const noise = Buffer.from(Array.from({ length: 1_000_000 }, (_, i) => 33 + ((i * 7919) % 89)));
  for (const [file, error] of [
    [gzipSync(noise, { level: 0 }), /10\d{5} bytes.* limit is 1000000\.$/],
    [gzipSync("x".repeat(10_000_002)), /more than 10000000 bytes.* limit is 10000000\.$/],
    [Buffer.from("x".repeat(10_000_001)), /10000001 bytes.* limit is 10000000\.$/],
  ] as const) {
    const answer = await rig.upload(codeUploadFields, file);
    expect(answer).toMatchObject({
      status: 413,
      body: { code: "body-too-large", error: expect.stringMatching(error) },
    });
  }
});
