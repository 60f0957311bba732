// One socket without a network: when it stops reading its client, when it goes on, and when it gives the client up.

import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { WebSocket } from "ws";
import { createFrames } from "../../src/http/frames.ts";
import { defaultLimits } from "../../src/http/realtime.ts";
import { serveSocket } from "../../src/http/realtime-socket.ts";
import type { Services } from "../../src/operations/services.ts";
import { createResponseCheck } from "../../src/spec/response-check.ts";

/** Keeps what it is given until a test takes it. */
class Stub extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  readonly waiting: { bytes: Buffer; done: () => void }[] = [];
  readonly pause = vi.fn();
  readonly resume = vi.fn();
  readonly close = vi.fn();

  get bufferedAmount(): number {
    return this.waiting.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }
  send(bytes: Buffer, _options: object, done: () => void): void {
    this.waiting.push({ bytes, done });
  }
  /** The network takes the oldest message. */
  take(): void {
    this.waiting.shift()?.done();
  }
  receive(text: string): void {
    this.emit("message", Buffer.from(text), false);
  }
}

let socket: Stub;
beforeEach(() => {
  vi.useFakeTimers();
  socket = new Stub();
  const log = () => {};
  serveSocket(socket as unknown as WebSocket, {
    services: {} as Services,
    frames: createFrames(createResponseCheck(), "strict", log),
    limits: { ...defaultLimits, waitingBytes: 1_000 },
    log,
    caller: () => new Promise(() => {}),
  });
});
afterEach(() => vi.useRealTimers());

describe("a client that sends and does not read", () => {
  test("is read no longer once too much waits for it, and again when half of that is gone", () => {
    for (let n = 0; socket.bufferedAmount <= 1_000; n++) {
      expect(socket.pause).not.toHaveBeenCalled();
      socket.receive(`{"requestId":"${n}"}`);
    }
    expect(socket.pause).toHaveBeenCalledTimes(1);
    while (socket.bufferedAmount > 500) {
      expect(socket.resume).not.toHaveBeenCalled();
      socket.take();
    }
    expect(socket.resume).toHaveBeenCalledTimes(1);
  });

  test("hears nothing after the socket's end", () => {
    socket.readyState = 2;
    socket.receive("{");
    expect(socket.waiting).toEqual([]);
  });
});

describe("a silent client", () => {
  const minutes = 60_000;
  test("is kept for much longer than the five minutes between two pings, and then given up", () => {
    vi.advanceTimersByTime(14 * minutes);
    expect(socket.close).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1 * minutes);
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1001, expect.any(String));
  });

  test("is not silent when it pings, in whatever way", () => {
    for (let n = 0; n < 100; n++) {
      vi.advanceTimersByTime(10 * minutes);
      if (n % 2 === 0) socket.receive('{"type":"ping"}');
      else socket.emit("ping");
    }
    expect(socket.close).not.toHaveBeenCalled();
  });

  test("is not waited for any more once it is gone", () => {
    socket.emit("close");
    expect(vi.getTimerCount()).toBe(0);
  });
});
