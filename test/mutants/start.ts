// Starts a broken server: Settle with what a fault makes of its ports, behind a wire with what the fault does there; in several lives, if need be.

import type { JsonObject } from "../../src/domain/json.ts";
import type { ServerOptions, SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";
import type { Services } from "../../src/operations/services.ts";
import { type Store, StoreUnavailable } from "../../src/store/port.ts";
import { withTampering } from "../../src/tampering.ts";
import type { Frame } from "../http/socket.ts";
import type { Fault, Line, SocketFault, WireRequest, World } from "./fault.ts";
import { over } from "./ports.ts";
import { headerOf, startWire, without } from "./wire.ts";

/** What a judge is told of each of these servers. */
export const settleTimeoutMs = 6_000;
const retryDelayMs = 500;

export interface BrokenServer {
  /** Without a trailing slash. */
  url: string;
  orgId: string;
  keyId: string;
  secretKey: string;
  adminToken: string;
  /** Ends Settle as a SIGKILL would, with nothing stored from that moment on, and starts it again on the same store, if that is a file. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** One start of Settle to its end. */
interface Life {
  number: number;
  server: SettleServer;
  services: Services;
  /** Nothing is stored from this moment on but what was accepted before, and what runs is broken off. */
  kill(): Promise<void>;
}

/** `store` of the options is a file for a server that is to be restarted. */
export async function startBroken(fault: Fault, options: Partial<ServerOptions> = {}): Promise<BrokenServer> {
  const closing = new AbortController();
  const lines = new Set<Line>();
  let life: Life | undefined;
  const living = () => {
    if (!life) throw new Error("no life of the server has begun yet");
    return life;
  };
  const world = worldOf(living, lines, closing.signal);
  life = await begin(fault, world, 1, options);
  const wire = await startWire({
    upstream: () => living().server.url,
    async exchange(request, forward) {
      const admitted = await withToken(request, fault, world);
      return fault.http ? fault.http(admitted, forward, world) : forward(admitted);
    },
    handshake: (target) => withTokenIn(target, fault, world),
    ...relayOf(fault.socket?.(world) ?? {}, lines),
  });
  const { orgId, keyId, secretKey, adminToken } = life.server;
  return {
    url: wire.url,
    orgId,
    keyId,
    secretKey,
    adminToken,
    async restart() {
      const { number, kill } = living();
      wire.drop();
      await kill();
      life = await begin(fault, world, number + 1, options);
    },
    async close() {
      closing.abort();
      await wire.close();
      await living().server.close();
    },
  };
}

async function begin(fault: Fault, world: World, number: number, more: Partial<ServerOptions>): Promise<Life> {
  let isDead = false;
  let services: Services | undefined;
  const usual = { port: 0, store: "memory:", settleTimeoutMs, retryDelayMs, responseCheck: "off" as const };
  const options = withTampering({ ...usual, ...fault.options, ...more }, async (sound) => {
    const mortal = { ...sound, store: mortalStore(sound.store, () => isDead) };
    services = (await fault.services?.(mortal, world, number)) ?? mortal;
    return services;
  });
  const server = await startServer(options);
  if (!services) throw new Error("Settle did not ask for its ports");
  return {
    number,
    server,
    services,
    async kill() {
      isDead = true;
      await services?.engine.close();
      await server.close();
    },
  };
}

function mortalStore(sound: Store, isDead: () => boolean): Store {
  return over(sound, {
    commit: (changes) =>
      isDead() ? Promise.reject(new StoreUnavailable("the server was killed", true)) : sound.commit(changes),
  });
}

function worldOf(living: () => Life, lines: ReadonlySet<Line>, closing: AbortSignal): World {
  return {
    get server() {
      return living().server;
    },
    get services() {
      return living().services;
    },
    lines,
    closing,
    async ask(method, path, body) {
      const { url, adminToken } = living().server;
      const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
      const response = await fetch(`${url}${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text === "" ? {} : JSON.parse(text)) as JsonObject };
    },
  };
}

/** The request with the token that the fault has in the place of its own. */
async function withToken(request: WireRequest, { token: change }: Fault, world: World): Promise<WireRequest> {
  if (!change) return request;
  const [, token = null] = /^Bearer +(\S+)/i.exec(headerOf(request.headers, "authorization") ?? "") ?? [];
  const changed = await change(token, world, false);
  if (changed === token) return request;
  const rest = without(request.headers, "authorization");
  return { ...request, headers: changed === null ? rest : [...rest, "authorization", `Bearer ${changed}`] };
}

/** The same for the target of a handshake, which has it in its query. */
async function withTokenIn(target: string, { token: change }: Fault, world: World): Promise<string> {
  if (!change) return target;
  const url = new URL(target, "http://localhost");
  const token = url.searchParams.get("token");
  const changed = await change(token, world, true);
  if (changed === token) return target;
  if (changed === null) url.searchParams.delete("token");
  else url.searchParams.set("token", changed);
  return `${url.pathname}${url.search}`;
}

function relayOf({ fromClient, fromServer }: SocketFault, lines: Set<Line>) {
  return {
    opened: (line: Line) => void lines.add(line),
    closed: (line: Line) => void lines.delete(line),
    fromClient: (line: Line, text: string) => (fromClient ? fromClient(line, text, parsed(text)) : line.toServer(text)),
    fromServer: (line: Line, text: string) =>
      fromServer ? fromServer(line, text, JSON.parse(text) as Frame) : line.toClient(text),
  };
}

function parsed(text: string): JsonObject | undefined {
  try {
    return JSON.parse(text) as JsonObject;
  } catch {
    return undefined;
  }
}
