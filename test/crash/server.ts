// A server as a process of its own that kills itself where it is told to: started with the path of its store and its machines.
//
// Its parent tells it over their channel, `{ point, passing }`, or "nowhere", and is told where the server listens.

import { flushCompileCache } from "node:module";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { type CrashPoint, withCrashPoints } from "../../src/crash-points.ts";
import { startServer } from "../../src/index.ts";

export interface Crash {
  point: CrashPoint;
  /** Of how many passings from now on it is the last. */
  passing: number;
}

let left = 0;
let deadly: CrashPoint | undefined;
process.on("message", (crash: Crash | "nowhere") => {
  deadly = crash === "nowhere" ? undefined : crash.point;
  left = crash === "nowhere" ? 0 : crash.passing;
  process.send?.("armed");
});
process.on("disconnect", () => process.exit());

const [store = "", ...machines] = process.argv.slice(2);
const options = withCrashPoints({ port: 0, store, machines }, async (point) => {
  if (point !== deadly || --left > 0) return;
  // Whatever does not wait for what comes next gets the time to be seen.
  if (point !== "after-commit") await setTimeout(50);
  if (point === deadly) process.kill(process.pid, "SIGKILL");
});
const { url, adminToken } = await startServer(options);
process.send?.({ url, adminToken });
// One that is killed never gets to it, and the next would compile everything again.
flushCompileCache();
