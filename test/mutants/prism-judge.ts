// Prism as the judge of broken servers: one process of it for all of them, each in turn behind a wire that never moves.

import { startPrism, violationsOf } from "../prism/prism.ts";
import { createClient } from "./client.ts";
import type { Fault } from "./fault.ts";
import { walk } from "./journey.ts";
import { type BrokenServer, startBroken } from "./start.ts";
import { startWire } from "./wire.ts";

export interface PrismJudge {
  /** What Prism minds about a server that it doesn't mind about Settle as it is, a line each. */
  judge(fault: Fault): Promise<string[]>;
  /** What it minds about Settle as it is. */
  usual: ReadonlySet<string>;
  close(): Promise<void>;
}

export async function startPrismJudge(): Promise<PrismJudge> {
  let current: BrokenServer | undefined;
  const wire = await startWire({
    upstream: () => current?.url ?? "http://127.0.0.1:9",
    exchange: (request, forward) => forward(request),
    handshake: async (target) => target,
    fromClient: (line, text) => line.toServer(text),
    fromServer: (line, text) => line.toClient(text),
    opened: () => {},
    closed: () => {},
  });
  const prism = await startPrism(wire.url, { isStrict: false });

  async function minded(fault: Fault): Promise<Set<string>> {
    const server = await startBroken(fault);
    current = server;
    const found = new Set<string>();
    const client = createClient({ ...server, url: prism.url }, "p", (what, headers, text) => {
      for (const line of violationsOf({ headers: Object.fromEntries(headers), text })) found.add(`${what}: ${line}`);
    });
    try {
      await walk(client);
    } finally {
      await server.close();
    }
    return found;
  }

  const usual = await minded({});
  return {
    usual,
    judge: async (fault) => [...(await minded(fault))].filter((line) => !usual.has(line)),
    async close() {
      await prism.close();
      await wire.close();
    },
  };
}
