// The realtime sockets of one scenario: opened as they are first named, every message that comes judged against the API document.

import type { ResponseCheck, Violation } from "../spec/response-check.ts";
import { tokenFor } from "./caller.ts";
import type { Answer, Call, Target } from "./exchange.ts";
import { parsed } from "./json.ts";
import { type Expected, mismatch, show } from "./match.ts";
import { shellLine } from "./socket-shell.ts";

export interface Talk {
  /** A text is sent as it is, anything else as JSON. */
  messages: readonly unknown[];
  /** Ends the talk; without it nothing is waited for. */
  until?: Expected;
  withinMs: number;
  /** A socket that the target refuses or closes counts as one over which nothing came. */
  refusable: boolean;
}

export interface Sockets {
  /** `json` of the answer holds what came since the last talk over this socket, up to what was waited for. Status 0: that did not come. */
  talk(name: string, handshake: Call, talk: Talk): Promise<Answer>;
  close(): void;
}

interface Open {
  socket: WebSocket;
  /** What came and was in no talk yet. */
  unheard: unknown[];
  violations: Violation[];
  /** Why nothing more will come. */
  end: string | undefined;
  /** Called when there is something new. */
  stir: () => void;
}

export interface SocketsOptions {
  target: Target;
  check: ResponseCheck;
  /** Epoch milliseconds. */
  now: () => number;
  /** Called for each socket that the target accepts. */
  onOpen: () => void;
}

export function createSockets({ target, check, now, onOpen }: SocketsOptions): Sockets {
  const sockets = new Map<string, Open>();

  async function open({ path, caller, credentials }: Call): Promise<Open> {
    const token = await tokenFor(caller, credentials ?? target, now());
    const query = token === null ? "" : `${path.includes("?") ? "&" : "?"}token=${token}`;
    const socket = new WebSocket(`${target.url.replace(/^http/, "ws")}${path}${query}`);
    const opened: Open = { socket, unheard: [], violations: [], end: undefined, stir: () => {} };
    socket.addEventListener("open", () => {
      onOpen();
      opened.stir();
    });
    socket.addEventListener("message", ({ data }) => {
      const message = typeof data === "string" ? parsed(data) : undefined;
      opened.unheard.push(message ?? data);
      opened.violations.push(...judge(check, message, data));
      opened.stir();
    });
    socket.addEventListener("close", ({ code }) => {
      opened.end ??= code === 1006 ? "the socket was refused or broke off" : `the socket was closed with ${code}`;
      opened.stir();
    });
    return opened;
  }

  return {
    async talk(name, handshake, talk) {
      const start = now();
      const known = sockets.get(name);
      const opened = known ?? (await open(handshake));
      sockets.set(name, opened);
      const failure = await converse(opened, talk);
      const json = opened.unheard.splice(0, heard(opened.unheard, talk.until));
      const isNothing = failure !== null && !talk.refusable;
      return {
        operationId: "openRealtime",
        status: isNothing ? 0 : 101,
        headers: {},
        text: isNothing ? `${failure}; what came: ${show(json)}` : "",
        json,
        elapsedMs: now() - start,
        violations: opened.violations.splice(0),
        curl: shellLine(name, handshake, talk.messages),
      };
    },
    close() {
      for (const { socket } of sockets.values()) socket.close();
      sockets.clear();
    },
  };
}

/** @returns why what was waited for did not come, or null */
async function converse(opened: Open, { messages, until, withinMs }: Talk): Promise<string | null> {
  const { socket } = opened;
  const isThere = (condition: () => boolean) => waitFor(opened, condition, withinMs);
  if (!(await isThere(() => socket.readyState === WebSocket.OPEN)))
    return opened.end ?? `no socket within ${withinMs} ms`;
  for (const message of messages) socket.send(typeof message === "string" ? message : JSON.stringify(message));
  if (until === undefined) return null;
  if (await isThere(() => opened.unheard.some((message) => mismatch(until, message) === null))) return null;
  return `${opened.end ?? `within ${withinMs} ms`} no message like ${show(until)} came`;
}

/** Resolves with true when the condition holds, with false when it can't any more or the time is up. */
function waitFor(opened: Open, condition: () => boolean, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isMet: boolean) => {
      clearTimeout(timer);
      opened.stir = () => {};
      resolve(isMet);
    };
    const timer = setTimeout(() => settle(false), withinMs);
    opened.stir = () => {
      if (condition()) settle(true);
      else if (opened.end !== undefined) settle(false);
    };
    opened.stir();
  });
}

/** How many of the messages belong to a talk: all up to the first that was waited for. */
function heard(messages: readonly unknown[], until: Expected | undefined): number {
  const at = until === undefined ? -1 : messages.findIndex((message) => mismatch(until, message) === null);
  return at === -1 ? messages.length : at + 1;
}

function judge(check: ResponseCheck, message: unknown, data: unknown): Violation[] {
  if (message === undefined) return [{ rule: "body", message: `A message is no JSON text: ${show(String(data))}.` }];
  const found = check.checkSchema("WSToClientMsg", message);
  return found.map(({ message: why }) => ({ rule: "body", message: `The message ${show(message)} is wrong: ${why}` }));
}
