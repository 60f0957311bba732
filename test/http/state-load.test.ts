// The state while others write: what is written out is one moment's, and what is put in loses nobody's request; also when the server is killed.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { settle } from "../cli/process.ts";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";
import { documentOf } from "./state-rig.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-state-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

interface Entry {
  instance?: { slug: string; transitionCount: number; context: { public: { n: number } } };
  transition?: { instance: string; seq: number };
}

const writers = 6;
const names = Array.from({ length: writers }, (_, w) => [`first-${w}`, `then-${w}`] as const);

/** Writes to each pair of instances, first to the one and then to the other, until it is told to stop. */
function writing(rig: Rig): { stop(): Promise<void>; written(): number } {
  let isOver = false;
  let written = 0;
  const write = async (pair: readonly string[]) => {
    while (!isOver) {
      for (const slug of pair) {
        const { status, body } = await rig.call("POST", `/machines/open/i/${slug}/events`, { json: { event: "ADD" } });
        if (status !== 200) throw new Error(`${slug}: ${status} ${JSON.stringify(body)}`);
        written++;
      }
    }
  };
  const all = Promise.all(names.map(write));
  return {
    written: () => written,
    stop: async () => {
      isOver = true;
      await all;
    },
  };
}

async function open(store: string): Promise<Rig> {
  const rig = await startRig({ store });
  await rig.publish("open", openMachine);
  for (const slug of names.flat()) await rig.call("POST", "/machines/open", { json: { slug } });
  return rig;
}

/** Counts of each instance, if the document is one moment's: what follows from what is in it as well. */
function countsOf(text: string): Map<string, number> {
  const { records } = JSON.parse(text) as { records: Entry[] };
  const counts = new Map<string, number>();
  const histories = new Map<string, number>();
  for (const { instance, transition } of records) {
    if (instance) counts.set(instance.slug, instance.transitionCount);
    if (instance) expect(instance.context.public.n).toBe(instance.transitionCount);
    if (transition) histories.set(transition.instance, transition.seq);
  }
  for (const [slug, count] of counts) expect([slug, histories.get(slug) ?? 0]).toEqual([slug, count]);
  for (const [first, then] of names) expect([0, 1]).toContain((counts.get(first) ?? 0) - (counts.get(then) ?? 0));
  return counts;
}

/** Reads it as somebody does who takes their time. */
async function readSlowly(rig: Rig): Promise<string> {
  const headers = { authorization: `Bearer ${rig.server.adminToken}` };
  const response = await fetch(`${rig.server.url}/_settle/state`, { headers });
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    await pause(5);
  }
  return text;
}

describe.each(["memory:", "a file"])("under load, in %s", (kind) => {
  test("what is written out and what is kept is one moment's", { timeout: 60_000 }, async () => {
    const rig = await open(kind === "memory:" ? kind : join(folder, "db.json"));
    const { stop, written } = writing(rig);
    try {
      await expect.poll(written).toBeGreaterThan(0);
      for (let nr = 0; nr < 5; nr++) {
        const before = written();
        await rig.call("POST", "/_settle/snapshots", { json: { name: `at-${nr}` } });
        countsOf(await readSlowly(rig));
        await expect.poll(written).toBeGreaterThan(before);
      }
    } finally {
      await stop();
    }
    const now = countsOf(await documentOf(rig));
    let earlier = new Map<string, number>();
    for (let nr = 0; nr < 5; nr++) {
      expect((await rig.call("POST", `/_settle/snapshots/at-${nr}/restore`)).status).toBe(200);
      const kept = countsOf(await documentOf(rig));
      for (const [slug, count] of kept) {
        expect(count).toBeGreaterThanOrEqual(earlier.get(slug) ?? 0);
        expect(count).toBeLessThanOrEqual(now.get(slug) ?? 0);
      }
      earlier = kept;
    }
    await rig.server.close();
  });

  test("what is put in fails nobody's request, and every history goes on from it", { timeout: 60_000 }, async () => {
    const rig = await open(kind === "memory:" ? kind : join(folder, "db.json"));
    const empty = await documentOf(rig);
    const { stop, written } = writing(rig);
    try {
      for (let nr = 0; nr < 10; nr++) {
        const before = written();
        expect((await rig.call("PUT", "/_settle/state", { text: empty })).status).toBe(200);
        await expect.poll(written).toBeGreaterThan(before + writers);
      }
    } finally {
      await stop();
    }
    const { records } = JSON.parse(await documentOf(rig)) as { records: Entry[] };
    for (const { instance } of records) if (instance) expect(instance.context.public.n).toBe(instance.transitionCount);
    // A document that did not hang together would be refused.
    expect((await rig.call("PUT", "/_settle/state", { text: await documentOf(rig) })).status).toBe(200);
    await rig.server.close();
  });
});

test("killed while a document is put in, it has the old state or the new one, and its credentials", {
  timeout: 120_000,
}, async () => {
  const from = await open("memory:");
  for (let nr = 0; nr < 300; nr++) await from.call("POST", "/machines/open", { json: { slug: `more-${nr}` } });
  const text = await documentOf(from);
  await from.server.close();
  const outcomes = new Set<number>();
  for (const delayMs of [0, 5, 15, 30, 60, 120, 250]) {
    const store = join(folder, `${delayMs}.json`);
    const serve = async () => {
      const server = settle(["serve", "--json", "--port", "0", "--store", store]);
      const ready = JSON.parse(await server.line(/"ready"/)) as { url: string; adminToken: string };
      return { server, ...ready, headers: { authorization: `Bearer ${ready.adminToken}` } };
    };
    const { server, url, headers, adminToken } = await serve();
    const sent = fetch(`${url}/_settle/state`, { method: "PUT", headers, body: text }).then(
      ({ status }) => status,
      () => 0,
    );
    await pause(delayMs);
    await server.stop("SIGKILL");
    const status = await sent;
    const again = await serve();
    expect(again.adminToken).toBe(adminToken);
    const now = await (await fetch(`${again.url}/_settle/state`, { headers })).text();
    const instances = now.match(/^\{"instance"/gm)?.length ?? 0;
    expect([0, 300 + names.flat().length]).toContain(instances);
    if (status === 200) expect(instances).toBeGreaterThan(0);
    outcomes.add(instances);
    await again.server.stop();
    expect((await readFile(store, "utf8")).endsWith("\n")).toBe(true);
  }
  expect(outcomes.size).toBeGreaterThan(0);
});
