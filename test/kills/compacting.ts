// A server as a process of its own whose store compacts very soon: started with how soon, in bytes, its store's path and its machines.

import process from "node:process";
import { withCompactionAt } from "../../src/crash-points.ts";
import { startServer } from "../../src/index.ts";

const [compactAtBytes = "", store = "", ...machines] = process.argv.slice(2);
const { url, adminToken } = await startServer(withCompactionAt({ port: 0, store, machines }, Number(compactAtBytes)));
process.stdout.write(`${JSON.stringify({ event: "ready", url, adminToken })}\n`);
