// kill -9 at every boundary of a walk full of effects: each comes after its commit, at most once and in order, and a lost one is announced.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Life, Listener, Sound } from "./lives.ts";
import { startLife, startListener } from "./lives.ts";
import type { Crash } from "./server.ts";

/** Where the server dies. `effect`: while the request that is the effect waits for its answer. */
interface Death {
  at: Crash["point"] | "effect";
  passing: number;
}
const boundaries = ["before-commit", "after-commit", "effect", "before-response"] as const;

const machines = fileURLToPath(new URL("machines", import.meta.url));
const types = {
  5: {
    done: "xstate.done.actor.job",
    error: "xstate.error.actor.job",
    end: "xstate.done.actor.kid",
    rest: "xstate.after.20.(machine).answered",
  },
  4: {
    done: "done.invoke.job",
    error: "error.platform.job",
    end: "done.invoke.kid",
    rest: "xstate.after(20)#(machine).answered",
  },
};

let folder: string;
let store: string;
let life: Life;
let listener: Listener;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-crash-"));
  store = join(folder, "db.json");
  listener = await startListener();
  life = await startLife(store, machines);
});
afterEach(async () => {
  life.kill();
  await life.dead;
  listener.close();
  await rm(folder, { recursive: true, force: true });
});

describe.each([5, 4] as const)("XState %i", (major) => {
  const { done, error, end, rest } = types[major];
  /** Which transition has which effect. */
  const causes: { [what: string]: string } = {
    born: "creation",
    working: "WORK",
    job: "WORK",
    worked: done,
    lost: error,
    calling: "CALL",
    up: "UP",
    answered: end,
    rested: rest,
    "kid-born": "kid: creation",
    "kid-over": "kid: END",
  };
  const walkOf = (third: string) => ["creation", "WORK", third, "NOTE", "CALL", "UP", end, rest];
  const walkOfKid = ["kid: creation", "kid: END"];

  /** What is stored of a walk, its creation and its child's history included; null when the server died. */
  async function storedOf(slug: string): Promise<string[] | null> {
    const own = await life.call("GET", `/machines/walker${major}/i/${slug}/events`);
    const kids = await life.call("GET", `/machines/kid${major}/i/${slug}-kid/events`);
    if (!own || !kids) return null;
    const typesIn = ({ status, body }: NonNullable<typeof own>) =>
      status === 404
        ? []
        : ["creation", ...(body.transitions as { event: { type: string } }[]).map(({ event }) => event.type)];
    return [...typesIn(own), ...typesIn(kids).map((type) => `kid: ${type}`)];
  }

  /** Does what is left to do for a client. @returns what was acknowledged, less when the server dies on the way */
  async function walk(slug: string): Promise<string[]> {
    const stored = await storedOf(slug);
    const at = `/machines/walker${major}`;
    const context = { url: `${listener.url}/${slug}`, name: slug };
    const calls = [
      ["creation", at, { slug, context }],
      ["WORK", `${at}/i/${slug}/events`, { event: "WORK" }],
      ["NOTE", `${at}/i/${slug}/events`, { event: "NOTE" }],
      ["CALL", `${at}/i/${slug}/events`, { event: "CALL" }],
    ] as const;
    const acknowledged: string[] = [];
    for (const [what, path, body] of stored ? calls : []) {
      if (stored?.includes(what)) continue;
      const answer = await life.call("POST", path, body);
      if (!answer) return acknowledged;
      expect([what, answer]).toMatchObject([what, { status: 200 }]);
      acknowledged.push(what);
    }
    return acknowledged;
  }

  /** @returns what is stored after the server died there, or null when it didn't */
  async function walkUntil(slug: string, { at, passing }: Death): Promise<string[] | null> {
    let left = passing;
    if (at === "effect") listener.onSound = () => void (--left === 0 && life.kill());
    else await life.arm({ point: at, passing });
    const acknowledged = await walk(slug);
    // The walk and its child end each in its own time: what is still to come might be the one to die at.
    const isOver = Promise.all(["rested", "kid-over"].map((what) => listener.heard(slug, what)));
    if (acknowledged.includes("CALL")) await Promise.race([life.dead, isOver]);
    listener.onSound = () => {};
    if (await life.arm("nowhere")) return null;
    await life.dead;
    const heard = listener.sounds.filter(({ walk }) => walk === slug).map(({ what }) => causes[what]);
    life = await startLife(store, machines);
    const stored = await storedOf(slug);
    expect(stored).toEqual(expect.arrayContaining([...acknowledged, ...heard]));
    return stored;
  }

  /** A whole walk on which the server dies at each of these places in turn. @returns how many of them it came to */
  async function walkWith(slug: string, ...deaths: Death[]): Promise<number> {
    let died = 0;
    let isOwed = false;
    for (const death of deaths) {
      const stored = await walkUntil(slug, death);
      if (!stored) break;
      died++;
      isOwed ||= stored.includes("WORK") && !stored.includes(done);
    }
    await walk(slug);
    const expected = [...walkOf(isOwed ? error : done), ...walkOfKid];
    await vi.waitFor(async () => expect(await storedOf(slug)).toEqual(expected), 10_000);
    judge(
      listener.sounds.filter(({ walk }) => walk === slug),
      expected,
    );
    return died;
  }

  /** Each at most once, in the order of the transitions; and what a promise yielded comes from its effect. */
  function judge(sounds: Sound[], transitions: string[]): void {
    const whats = sounds.map(({ what }) => what);
    expect(whats.filter((what, i) => whats.indexOf(what) !== i)).toEqual([]);
    const lives = sounds.map((sound) => sound.life);
    const inOrder = sounds.toSorted((a, b) => lives.indexOf(a.life) - lives.indexOf(b.life) || a.n - b.n);
    for (const ofKid of [true, false]) {
      const places = inOrder
        .filter(({ what }) => what.startsWith("kid") === ofKid)
        .map(({ what }) => transitions.indexOf(causes[what] ?? ""));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(places).not.toContain(-1);
    }
    if (transitions.includes(done)) expect(whats).toContain("job");
  }

  test("without a crash everything is heard once", async () => {
    expect(await walkWith("w")).toBe(0);
    const all = Object.keys(causes).filter((what) => what !== "lost");
    await vi.waitFor(() => expect(listener.sounds.map(({ what }) => what).toSorted()).toEqual(all.toSorted()));
  });

  test.each(boundaries)(
    "killed at each %s",
    async (at) => {
      let passing = 1;
      while ((await walkWith(`w${passing}`, { at, passing })) === 1) passing++;
      const passings = { "before-commit": 10, "after-commit": 10, effect: 10, "before-response": 6 };
      expect(passing - 1).toBeGreaterThanOrEqual(passings[at]);
    },
    120_000,
  );

  test("what is owed is paid once, even if the server dies again while it pays", async () => {
    const beforeTheWork: Death = { at: "after-commit", passing: 2 };
    for (const at of boundaries) {
      for (const passing of [1, 2]) {
        expect(await walkWith(`${at}-${passing}`, beforeTheWork, { at, passing })).toBe(2);
      }
    }
  }, 120_000);
});
