// An address that stays while the server behind it comes and goes, as a load balancer's does: connections wait for whoever comes next.

import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

export interface SteadyAddress {
  url: string;
  /** New connections go to this server. */
  lead(url: string): void;
  /** New connections wait. */
  hold(): void;
  /** Breaks every connection there is, as a network would. */
  cut(): void;
  close(): Promise<void>;
}

export async function openSteadyAddress(): Promise<SteadyAddress> {
  let target = Promise.withResolvers<number>();
  const sockets = new Set<Socket>();
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy()).on("close", () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    keep(socket);
    void target.promise.then((port) => {
      const onward = connect(port, "127.0.0.1");
      keep(onward);
      socket.pipe(onward).pipe(socket);
      socket.on("close", () => onward.destroy());
      onward.on("close", () => socket.destroy());
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lead: (url) => target.resolve(Number(new URL(url).port)),
    hold() {
      target = Promise.withResolvers();
    },
    cut,
    async close() {
      cut();
      server.close();
      await once(server, "close");
    },
  };
}
