// A raw client of the realtime socket: what it sends may be anything, and what it gets is kept in order.

import { once } from "node:events";
import type { ClientOptions } from "ws";
import { WebSocket } from "ws";

export interface Frame {
  type: string;
  machineInstanceName?: string;
  ts?: number;
  state?: unknown;
  publicContext?: { [name: string]: unknown };
  requestId?: string;
  status?: number;
  code?: string;
  error?: string;
}

export interface TestSocket {
  socket: WebSocket;
  /** Everything that came, parsed, oldest first. */
  frames: Frame[];
  /** An object is sent as JSON; text and bytes as they are. */
  send(...messages: (object | string | Buffer)[]): void;
  subscribe(requestId: string, instance: string, machine?: string): void;
  unsubscribe(requestId: string, instance: string, machine?: string): void;
  /** Waits for so many frames that fit, and returns them. */
  until(fits: (frame: Frame) => boolean, count?: number): Promise<Frame[]>;
  /** Waits until what was sent so far has been answered for sure: by the refusal of a message that follows it. */
  settled(): Promise<void>;
  /** Resolves with the code that it was closed with. */
  closed: Promise<number>;
}

/** `target` is path and query, as in `/rt?token=…`. */
export async function openSocket(url: string, target: string, options: ClientOptions = {}): Promise<TestSocket> {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}${target}`, options);
  const frames: Frame[] = [];
  const lookers = new Set<() => void>();
  socket.on("message", (data, isBinary) => {
    frames.push(isBinary ? { type: "binary" } : (JSON.parse(String(data)) as Frame));
    for (const look of lookers) look();
  });
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await once(socket, "open");
  let marks = 0;
  const test: TestSocket = {
    socket,
    frames,
    closed,
    send(...messages) {
      for (const message of messages) {
        socket.send(typeof message === "string" || Buffer.isBuffer(message) ? message : JSON.stringify(message));
      }
    },
    subscribe: (requestId, instance, machine = "open") => test.send(subscription(requestId, instance, machine)),
    unsubscribe: (requestId, instance, machine = "open") =>
      test.send({ ...subscription(requestId, instance, machine), type: "unsubscribe-from-instance" }),
    until(fits, count = 1) {
      return new Promise((resolve, reject) => {
        const look = () => {
          const found = frames.filter(fits);
          if (found.length < count) return;
          lookers.delete(look);
          resolve(found.slice(0, count));
        };
        void closed.then((code) => reject(new Error(`closed with ${code} after ${JSON.stringify(frames)}`)));
        lookers.add(look);
        look();
      });
    },
    async settled() {
      const requestId = `mark ${++marks}`;
      test.send({ type: "nothing of the kind", requestId });
      await test.until((frame) => frame.requestId === requestId);
      frames.splice(0, frames.length, ...frames.filter((frame) => frame.requestId !== requestId));
    },
  };
  return test;
}

function subscription(requestId: string, instance: string, machine: string) {
  return { type: "subscribe-to-instance", requestId, machineName: machine, machineInstanceName: instance };
}

export const isUpdate = ({ type }: Frame) => type === "instance-update";
export const isError = ({ type }: Frame) => type === "error";

/** `n` of each update's public context. */
export function counts(frames: readonly Frame[]): unknown[] {
  return frames.filter(isUpdate).map(({ publicContext }) => publicContext?.n);
}
