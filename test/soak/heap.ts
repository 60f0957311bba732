// Loaded into the server's process before it starts: says, whenever its parent asks, how much its heap holds.

import process from "node:process";

process.on("message", () => {
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ heapUsed, external });
});
// Nobody waits for questions.
process.channel?.unref();
