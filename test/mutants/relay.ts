// Realtime sockets in front of those of another server: what comes from one side goes to the other, but for what a fault does to it.

import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { type RawData, WebSocket, WebSocketServer } from "ws";
import type { Line } from "./fault.ts";

export interface Relay {
  upstream(): string;
  /** What a socket asks for, path and query, possibly changed. */
  handshake(target: string): Promise<string>;
  /** What becomes of a text of either side. Anything that is no text goes on untouched. */
  fromClient(line: Line, text: string): void;
  fromServer(line: Line, text: string): void;
  opened(line: Line): void;
  closed(line: Line): void;
}

/** What is not UTF-8 is the real server's to refuse, and so is what is too long. */
const options = { perMessageDeflate: false, skipUTF8Validation: true, maxPayload: 100_000_000 };

export function relaySockets(server: Server, relay: Relay): { drop(): void } {
  const clients = new WebSocketServer({ ...options, noServer: true, handleProtocols: () => false });
  const servers = new Set<WebSocket>();
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    void open(request, socket).then((far) => {
      if (!far) return;
      servers.add(far);
      far.once("close", () => servers.delete(far));
      clients.handleUpgrade(request, socket, head, (near) => join(near, far, relay));
    });
  });

  /** The real server's socket, once it is open; undefined when it refused, which the client was told. */
  async function open(request: IncomingMessage, socket: Duplex): Promise<WebSocket | undefined> {
    const target = await relay.handshake(request.url ?? "/");
    const far = new WebSocket(`${relay.upstream().replace(/^http/, "ws")}${target}`, options);
    return new Promise((resolve) => {
      far.once("open", () => {
        far.pause(); // what it says at once is heard by whoever listens later
        resolve(far);
      });
      far.once("unexpected-response", (_request, answer: IncomingMessage) => {
        passRefusal(answer, socket);
        resolve(undefined);
      });
      far.once("error", () => {
        socket.destroy();
        resolve(undefined);
      });
    });
  }

  return {
    drop() {
      for (const socket of [...clients.clients, ...servers]) socket.terminate();
    },
  };
}

function join(near: WebSocket, far: WebSocket, relay: Relay): void {
  const line: Line = {
    toClient: (text) => tell(near, text, false),
    toServer: (text) => tell(far, text, false),
    close(code) {
      near.close(code);
      far.close(code);
    },
  };
  relay.opened(line);
  const pass = (to: WebSocket, hear: (line: Line, text: string) => void) => (data: RawData, isBinary: boolean) => {
    const bytes = data as Buffer;
    const text = bytes.toString("utf8");
    if (isBinary || !Buffer.from(text).equals(bytes)) tell(to, bytes, isBinary);
    else hear(line, text);
  };
  near.on("message", pass(far, relay.fromClient));
  far.on("message", pass(near, relay.fromServer));
  near.on("ping", (data) => far.readyState === far.OPEN && far.ping(data));
  follow(near, far);
  follow(far, near);
  near.once("close", () => relay.closed(line));
  far.resume();
}

function tell(to: WebSocket, data: string | Buffer, isBinary: boolean): void {
  if (to.readyState === to.OPEN) to.send(data, { binary: isBinary });
}

/** Codes that are only ever reported, RFC 6455, section 7.4.1: no side said them. */
const unsaid = [1005, 1006, 1015];

/** When one side ends, so does the other, for the same reason. */
function follow(one: WebSocket, other: WebSocket): void {
  one.on("error", () => {});
  one.once("close", (code: number, reason: Buffer) => {
    if (unsaid.includes(code)) other.close();
    else other.close(code, reason);
  });
}

function passRefusal(answer: IncomingMessage, socket: Duplex): void {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (let at = 0; at < answer.rawHeaders.length; at += 2)
    lines.push(`${answer.rawHeaders[at]}: ${answer.rawHeaders[at + 1]}`);
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  answer.pipe(socket);
}
