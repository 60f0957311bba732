// Lives of one server, each a process that may be killed where the test says, all on the same store; and somebody outside who hears its effects.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import type { Crash } from "./server.ts";

export interface Answer {
  status: number;
  body: JsonObject;
}

/** Asks one server, as its administrator. Null when it died before it answered. */
export type Call = (method: string, path: string, body?: Json) => Promise<Answer | null>;

/** One process of the server. */
export interface Life {
  /** From now on it dies there; "nowhere" takes that back. @returns false when it is dead already */
  arm(crash: Crash | "nowhere"): Promise<boolean>;
  call: Call;
  /** Its SIGKILL from outside. */
  kill(): void;
  dead: Promise<void>;
}

const main = fileURLToPath(new URL("server.ts", import.meta.url));

export async function startLife(store: string, ...machines: string[]): Promise<Life> {
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  const env = { PATH, HOME, TMPDIR, NODE_COMPILE_CACHE: join(tmpdir(), "settle-crash-compiled") };
  const child = fork(main, [store, ...machines], { env, execArgv: [] });
  const exit = once(child, "exit").then(([code, signal]) => {
    if (signal !== "SIGKILL") throw new Error(`the server ended by itself (${signal ?? `code ${code}`})`);
  });
  const { url, adminToken } = (await heardFrom(child, exit)) as { url: string; adminToken: string };
  return {
    dead: exit,
    kill: () => void child.kill("SIGKILL"),
    arm(crash) {
      child.send(crash, () => {}); // one that is dead is heard of by its end
      return heardFrom(child, exit).then(
        () => true,
        () => false,
      );
    },
    call: callerOf(url, adminToken),
  };
}

export function callerOf(url: string, adminToken: string): Call {
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const response = await fetch(`${url}${path}`, init).catch(() => null);
    // The status may come, and the body not any more.
    const text = await response?.text().catch(() => null);
    if (!response || text === null || text === undefined) return null;
    return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as JsonObject };
  };
}

async function heardFrom(child: ChildProcess, exit: Promise<void>): Promise<unknown> {
  const died = exit.then(() => {
    throw new Error("the server died before it was ready");
  });
  const [message] = await Promise.race([once(child, "message"), died]);
  return message;
}

/** One effect that was heard. */
export interface Sound {
  /** What the machine was told to call itself. */
  walk: string;
  what: string;
  /** Of the code that made it, which is loaded once in a life of the server. */
  life: string;
  /** Which of that code's effects it was. */
  n: number;
}

/** Somebody outside, whom machines tell what they do. */
export interface Listener {
  url: string;
  sounds: Sound[];
  /** Called with each sound before it is answered. */
  onSound: (sound: Sound) => void;
  heard(walk: string, what: string): Promise<void>;
  close(): void;
}

export async function startListener(): Promise<Listener> {
  const waiting = new Map<string, () => void>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", listener.url);
    const [, walk = "", what = ""] = pathname.split("/");
    const sound = { walk, what, life: searchParams.get("life") ?? "", n: Number(searchParams.get("n")) };
    listener.sounds.push(sound);
    listener.onSound(sound);
    waiting.get(`${walk}/${what}`)?.();
    response.end("heard");
  });
  const listener: Listener = {
    url: "",
    sounds: [],
    onSound: () => {},
    heard: (walk, what) =>
      new Promise((resolve) => {
        if (listener.sounds.some((sound) => sound.walk === walk && sound.what === what)) resolve();
        else waiting.set(`${walk}/${what}`, resolve);
      }),
    close: () => void server.close(),
  };
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  listener.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return listener;
}
