// Sockets that come and go, each with some subscriptions.

import { once } from "node:events";
import { WebSocket } from "ws";
import type { Client } from "./client.ts";
import { type Instances, machine } from "./instances.ts";

export class Subscribers {
  readonly #url: string;
  readonly #client: Client;
  readonly #sockets: WebSocket[] = [];
  #opened = 0;
  updates = 0;

  constructor(url: string, client: Client) {
    this.#url = url.replace(/^http/, "ws");
    this.#client = client;
  }

  get count(): number {
    return this.#sockets.length;
  }

  /** Opens one, and ends the oldest when there are so many. */
  async turnOver(most: number, instances: Instances): Promise<void> {
    if (this.#sockets.length >= most) this.#sockets.shift()?.close();
    const n = this.#opened++;
    const socket = new WebSocket(`${this.#url}/rt?token=${this.#client.user(n)}`);
    socket.on("error", () => {});
    socket.on("message", () => void this.updates++);
    const isOpen = await Promise.race([once(socket, "open").then(() => true), once(socket, "close").then(() => false)]);
    this.#client.count("subscribe", isOpen ? 101 : 0);
    if (!isOpen) this.#client.wonder("subscribe: 0", "the socket was closed");
    this.#sockets.push(socket);
    for (let i = 0; i < 5; i++) {
      const message = { type: "subscribe-to-instance", requestId: `${i}`, machineName: machine };
      socket.send(JSON.stringify({ ...message, machineInstanceName: instances.any(n * 31 + i * 97) }), () => {});
    }
  }

  end(): void {
    for (const socket of this.#sockets.splice(0)) socket.terminate();
  }
}
