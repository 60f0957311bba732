// `/rt`: which requests become sockets, and the end of them all.

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { Services } from "../operations/services.ts";
import { operations } from "../spec/document.ts";
import type { Api } from "./api.ts";
import type { Authenticator } from "./authentication.ts";
import { answerOnSocket } from "./client-error.ts";
import type { ServerLog } from "./errors.ts";
import type { Frames } from "./frames.ts";
import type { SocketLimits } from "./realtime-socket.ts";
import { goingAway, serveSocket } from "./realtime-socket.ts";
import { originForm } from "./target.ts";

export interface RealtimeOptions {
  services: Services;
  authenticator: Authenticator;
  api: Pick<Api, "route">;
  frames: Frames;
  log: ServerLog;
  /** @default {@link defaultLimits} */
  limits?: Partial<SocketLimits>;
}

export interface Realtime {
  /** Whether a request asks for a socket; anything else is answered as an ordinary request. */
  isHandshake(request: IncomingMessage): boolean;
  accept(server: Server): void;
  /** Closes every socket for its client to connect again: what it was told of is no longer what there is. */
  restart(): void;
  /** Closes every socket; one that doesn't answer within a second is cut off. */
  close(): Promise<void>;
}

export const defaultLimits: SocketLimits = { idleMs: 15 * 60_000, subscriptions: 10_000, waitingBytes: 1_000_000 };

/** Longest message of a client: names and a `requestId` need much less. */
const longestMessageBytes = 16_384;
/** How long a closing socket waits for the other side. */
const closeTimeoutMs = 1_000;
/** A client that vanished without a word is noticed by the system's own probes; one that is merely silent is kept. */
const probeAfterMs = 60_000;

/** "Service restart", as IANA's registry of close codes has it. */
const serviceRestart = 1012;

/** In a variable, since the library's types don't know `closeTimeout` yet. */
const socketOptions = {
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: () => false as const,
  maxPayload: longestMessageBytes,
  closeTimeout: closeTimeoutMs,
};

export function createRealtime({ services, authenticator, api, frames, log, limits }: RealtimeOptions): Realtime {
  const sockets = new WebSocketServer(socketOptions);
  sockets.on("wsClientError", (error: Error, socket: Duplex) =>
    answerOnSocket(socket, 400, `This is no WebSocket handshake: ${error.message}.`),
  );
  sockets.on("connection", (socket: WebSocket, request: IncomingMessage) => {
    request.socket.setKeepAlive(true, probeAfterMs);
    const headers = credentials(request);
    serveSocket(socket, {
      services,
      frames,
      log,
      limits: { ...defaultLimits, ...limits },
      caller: () => authenticator.authenticate(headers, readScopes),
    });
  });
  let isClosing = false;

  return {
    isHandshake({ method = "", url = "/", headers }) {
      if (isClosing || headers.upgrade?.toLowerCase() !== "websocket") return false;
      const routed = api.route(method, originForm(url));
      return "operationId" in routed && routed.operationId === "openRealtime";
    },
    accept(server) {
      server.on("upgrade", (request, socket, head) =>
        sockets.handleUpgrade(request, socket, head, (client) => sockets.emit("connection", client, request)),
      );
    },
    restart() {
      for (const socket of sockets.clients) socket.close(serviceRestart, "the state was replaced");
    },
    async close() {
      isClosing = true;
      const closed = new Promise<void>((resolve) => sockets.close(() => resolve()));
      for (const socket of sockets.clients) socket.close(goingAway, "Settle is stopping");
      await closed;
    },
  };
}

/** What it takes to read a state takes it to be told of one. */
const readScopes = operations.find(({ operationId }) => operationId === "getMachineInstance")?.scopes ?? [];

/** A browser can't set headers on a WebSocket, so the query says what they say elsewhere. */
function credentials({ url = "/" }: IncomingMessage): { [name: string]: string | undefined } {
  const query = new URL(originForm(url), "http://localhost").searchParams;
  const token = query.get("token");
  return {
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    "x-statebacked-org-id": query.get("x-statebacked-org-id") ?? undefined,
  };
}
