// Starts those that Settle is compared with: Prism's mock, Mockoon's, and a bare Fastify server.

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { mockoonEnvironment } from "./mockoon.ts";
import type { Running } from "./programs.ts";
import { root, startRival } from "./programs.ts";

/** An operation's route, and the answer of Settle's that the mocks give to it. */
export interface FixedAnswer {
  method: "GET" | "POST";
  /** As in the API's document: `/machines/{machineSlug}`. */
  path: string;
  body: string;
}

/** Its packages take 110 MB, so it is no dependency: npm keeps it in its own cache. */
const mockoonPackage = "@mockoon/cli@9.9.0";

/** Prism's stateless mock, as quiet as it gets. It answers with the document's examples. */
export function startPrism(): Promise<Running> {
  const prism = fileURLToPath(new URL("../node_modules/.bin/prism", import.meta.url));
  return startRival((port) => [prism, "mock", "-v", "silent", "-p", String(port), "openapi.yaml"]);
}

/** Validates requests as the document says, and answers. */
export async function startEcho(folder: string, answers: FixedAnswer[]): Promise<Running> {
  const file = join(folder, "echo.json");
  await writeFile(file, JSON.stringify(answers));
  return startRival((port) => ["bench/echo.ts", String(port), file]);
}

/** Mockoon's command with fixed answers, without templates in them and without its admin API. */
export async function startMockoon(folder: string, answers: FixedAnswer[]): Promise<Running> {
  const command = await mockoonCommand();
  const file = join(folder, "mockoon.json");
  await writeFile(file, JSON.stringify(mockoonEnvironment(answers)));
  const quiet = ["--disable-log-to-file", "--disable-admin-api", "--max-transaction-logs", "1"];
  return startRival((port) => [command, "start", "--data", file, "--repair", "--port", String(port), ...quiet]);
}

/** @returns where npm has put it */
async function mockoonCommand(): Promise<string> {
  const args = ["exec", "--yes", "--ignore-scripts", `--package=${mockoonPackage}`, "-c", "command -v mockoon-cli"];
  try {
    const { stdout } = await promisify(execFile)("npm", args, { cwd: root });
    return stdout.trim();
  } catch (error) {
    throw new Error(`npm can't get ${mockoonPackage}, which the operations are compared with; is the registry there?`, {
      cause: error,
    });
  }
}
