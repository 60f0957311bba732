// How long a client may take: to send a request, to begin the next, and to read an answer; how long a machine takes is another matter.

import type { Server } from "node:http";
import type { Socket } from "node:net";

/** Milliseconds. */
export interface Patience {
  /** For a request's line and headers, from a connection's beginning or the request's first byte: then 408. */
  headers: number;
  /** For the whole request, its body included: then 408. */
  request: number;
  /** For the next request on a connection. */
  idle: number;
  /** For a client that has an answer to read to take some more of it: then the connection is cut. */
  reading: number;
  /** Between looks at requests that take too long. */
  look: number;
}

export const defaultPatience: Patience = {
  headers: 60_000,
  request: 60_000,
  idle: 72_000,
  reading: 60_000,
  look: 5_000,
};

/** Cuts off who doesn't read. @param isWaiting whether a request of this connection is in hand */
export function cutStalledReaders(server: Server, readingMs: number, isWaiting: (socket: Socket) => boolean): void {
  server.setTimeout(readingMs);
  // Nothing was sent or received for some time. With a listener, it is all up to that.
  server.on("timeout", (socket) => {
    if (socket.writableLength === 0 && isWaiting(socket)) socket.setTimeout(readingMs);
    else socket.destroy();
  });
}

/**
 * While a server stops, Node looks at slow requests no more, and a client that began none would keep it from ending for ever.
 * @returns lets go, when called, of the connections that have no request in hand
 */
export function watchConnections(server: Server, hasRequest: (socket: Socket) => boolean): () => void {
  const connections = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  return () => {
    for (const socket of connections) if (!hasRequest(socket)) socket.destroy();
  };
}
