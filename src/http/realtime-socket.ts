// One client's socket: its messages begin and end subscriptions, which it tells apart by their `requestId`.

import type { RawData, WebSocket } from "ws";
import { Problem } from "../domain/problem.ts";
import type { Caller, Services } from "../operations/services.ts";
import { Watch } from "../operations/watch.ts";
import type { ServerLog } from "./errors.ts";
import { toProblem } from "./errors.ts";
import type { Frames, Subscription } from "./frames.ts";

export interface SocketLimits {
  /** A socket is closed after so long without a message; clients send one every five minutes. */
  idleMs: number;
  /** Most subscriptions at a time. */
  subscriptions: number;
  /** Bytes that may wait for a slow client before updates are held back, and its messages no longer read. */
  waitingBytes: number;
}

export interface SocketDeps {
  services: Services;
  frames: Frames;
  limits: SocketLimits;
  log: ServerLog;
  /** @throws Problem when the token or the organization that came with the handshake is not good, or no longer */
  caller(): Promise<Caller>;
}

/** "Going away", RFC 6455, section 7.4.1. */
export const goingAway = 1001;

/** Serves a socket until it closes. */
export function serveSocket(socket: WebSocket, { services, frames, limits, log, caller }: SocketDeps): void {
  const watches = new Map<string, Watch>();
  let isFull = false;
  const idle = setTimeout(() => socket.close(goingAway, "no message for a long time"), limits.idleMs).unref();

  function send(bytes: Buffer): void {
    if (socket.readyState !== socket.OPEN) return;
    socket.send(bytes, { binary: false }, sent);
    if (isFull || socket.bufferedAmount <= limits.waitingBytes) return;
    isFull = true;
    // Whoever doesn't read has nothing to ask either: even refusals would pile up.
    socket.pause();
  }

  function sent(): void {
    if (!isFull || socket.bufferedAmount > limits.waitingBytes / 2) return;
    isFull = false;
    socket.resume();
    for (const watch of watches.values()) watch.resume();
  }

  function subscribe(subscription: Subscription): void {
    const { requestId, machineName, machineInstanceName } = subscription;
    unsubscribe(requestId);
    if (watches.size >= limits.subscriptions) {
      const message = `A socket has ${limits.subscriptions} subscriptions at most. End one, or open another socket.`;
      send(frames.error(requestId, new Problem("invalid-state", message)));
      return;
    }
    const watch = new Watch(
      services,
      { machine: machineName, slug: machineInstanceName },
      {
        caller,
        hasRoom: () => !isFull,
        update: (state) => send(frames.update(subscription, state)),
        end(reason) {
          watches.delete(requestId);
          send(frames.error(requestId, toProblem(reason, log)));
        },
      },
    );
    watches.set(requestId, watch);
  }

  function unsubscribe(requestId: string): void {
    watches.get(requestId)?.stop();
    watches.delete(requestId);
  }

  socket.on("message", (data: RawData, isBinary: boolean) => {
    idle.refresh();
    const message = frames.read(data, isBinary);
    if ("problem" in message) send(frames.error(message.requestId, message.problem));
    else if (message.type === "subscribe-to-instance") subscribe(message);
    else if (message.type === "unsubscribe-from-instance") unsubscribe(message.requestId);
  });
  socket.on("close", () => {
    clearTimeout(idle);
    for (const watch of watches.values()) watch.stop();
    watches.clear();
  });
  socket.on("ping", () => idle.refresh());
  // Broken framing: the library closes the socket, which is all there is to do.
  socket.on("error", () => {});
}
