// The realtime socket's address; who comes with a WebSocket handshake never gets here, but to the edge (`http/realtime.ts`).

import { Problem } from "../domain/problem.ts";
import type { Operation } from "./services.ts";

/** What is left for an ordinary request to be told. */
export const openRealtime: Operation = async () => {
  throw new Problem("invalid-parameter", "This address takes WebSocket handshakes only: `Upgrade: websocket`.", {
    parameter: "upgrade",
  });
};
