// Parents and children that are instances, written with the published helper package, go on talking after a kill -9.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Life } from "./lives.ts";
import { startLife } from "./lives.ts";

vi.setConfig({ testTimeout: 60_000 });

const machines = fileURLToPath(new URL("machines", import.meta.url));
let folder: string;
let life: Life;
const start = () => startLife(join(folder, "db.json"), machines);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-family-"));
  life = await start();
});
afterEach(async () => {
  life.kill();
  await life.dead;
  await rm(folder, { recursive: true, force: true });
});

async function killAndRestart(): Promise<void> {
  life.kill();
  await life.dead;
  life = await start();
}

describe.each([5, 4] as const)("XState %i", (major) => {
  const parents = `/machines/parent${major}`;
  const children = `/machines/child${major}`;
  async function create(slug: string): Promise<void> {
    expect(await life.call("POST", parents, { slug })).toMatchObject({ status: 200 });
  }
  async function send(slug: string, event: string, more: { n?: number; name?: string } = {}): Promise<void> {
    const answer = await life.call("POST", `${parents}/i/${slug}/events`, { event: { type: event, ...more } });
    expect(answer).toMatchObject({ status: 200 });
  }
  const hears = (slug: string, heard: string[]) =>
    vi.waitFor(async () => {
      const read = await life.call("GET", `${parents}/i/${slug}`);
      expect(read?.body.publicContext).toEqual({ heard });
    }, 10_000);

  test("a spawned child is told, at once and later, and tells its parent its sums and its end", async () => {
    await create("p");
    await send("p", "SPAWN", { name: "kid" });
    await send("p", "TELL", { n: 1 });
    await hears("p", ["UP 6"]);
    await killAndRestart();
    await send("p", "TELL", { n: 2 });
    await send("p", "NEVER");
    await send("p", "UNNEVER");
    await send("p", "LATER");
    await killAndRestart();
    await hears("p", ["UP 6", "UP 8", "UP 108"]);
    await send("p", major === 4 ? "TELL_BY_NAME" : "TELL", { n: 1000 });
    await send("p", "DISMISS");
    await killAndRestart();
    const end = major === 4 ? "done.invoke.kid" : "xstate.done.actor.kid";
    await hears("p", ["UP 6", "UP 8", "UP 108", "UP 1108", `${end} 1108`]);
    expect(await life.call("GET", `${children}/i/kid`)).toMatchObject({ body: { state: "over", done: true } });
  });

  test("each parent has an invoked child of its own, though its source has no name, and gets what it returns", async () => {
    for (const slug of ["p", "q"]) {
      await create(slug);
      await send(slug, "CALL");
    }
    await killAndRestart();
    for (const [i, slug] of ["p", "q"].entries()) await send(slug, "TELL", { n: i });
    await hears("p", ["UP 2"]);
    await hears("q", ["UP 3"]);
    const unnamed = { slug: expect.stringMatching(/^[\da-f-]{36}$/) };
    expect(await life.call("GET", `${children}/i`)).toMatchObject({ body: { instances: [unnamed, unnamed] } });
    await send("q", "DISMISS");
    await killAndRestart();
    const end = major === 4 ? "done.invoke.worker" : "xstate.done.actor.worker";
    await hears("q", ["UP 3", `${end} 3`]);
    expect(await life.call("GET", `${parents}/i/q`)).toMatchObject({ body: { state: "answered" } });
    await send("p", "TELL", { n: 10 });
    await hears("p", ["UP 2", "UP 12"]);
  });
});

test("XState 5 loses what the package's own sendTo says, so the event goes to nobody", async () => {
  await life.call("POST", "/machines/parent5", { slug: "p" });
  for (const event of [{ type: "SPAWN", name: "kid" }, { type: "TELL_AS_IN_4" }, { type: "TELL", n: 1 }]) {
    expect(await life.call("POST", "/machines/parent5/i/p/events", { event })).toMatchObject({ status: 200 });
  }
  await vi.waitFor(async () => {
    const read = await life.call("GET", "/machines/parent5/i/p");
    expect(read?.body.publicContext).toEqual({ heard: ["UP 6"] });
  }, 10_000);
});
