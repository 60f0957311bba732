// Answers what Node's server would otherwise turn away by itself, in another shape than the API's: CONNECT, and unknown expectations.

import type { Server } from "node:http";
import { answerOnSocket } from "./client-error.ts";

export function answerOddRequests(server: Server): void {
  server.on("connect", (_request, socket) =>
    answerOnSocket(socket, 400, "Settle is no proxy and connects to nothing."),
  );
  server.on("checkExpectation", (_request, response) => {
    const error = "The only expectation that can be met is 100-continue.";
    response.writeHead(417, { "content-type": "application/json; charset=utf-8" });
    response.end(JSON.stringify({ error, code: "invalid-parameter", parameter: "expect" }));
  });
}
