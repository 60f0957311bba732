// Prism as a proxy in front of a server: a second judge of responses, which shares nothing with ours but the document.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const manifest = createRequire(import.meta.url).resolve("@stoplight/prism-cli/package.json");
const openapi = fileURLToPath(new URL("../../openapi.yaml", import.meta.url));

export interface Prism {
  /** Where it listens, without a trailing slash. */
  url: string;
  close(): Promise<void>;
}

/**
 * Starts `prism proxy openapi.yaml <upstream> --errors` on a free port. A request that violates the document then never reaches the
 * upstream (401, 404, 422), and of a response that does the client sees a 500; both as `application/problem+json`.
 * `isStrict: false` leaves `--errors` out: everything passes, and the header `sl-violations` tells what Prism found.
 */
export async function startPrism(upstream: string, { isStrict = true } = {}): Promise<Prism> {
  const strictness = isStrict ? ["--errors"] : [];
  const args = [join(dirname(manifest), "dist/index.js"), "proxy", openapi, upstream, ...strictness, "--port", "0"];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const said: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    // The listener stays: nobody reading its pipe would bring Prism to a halt.
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line);
      const [, found] = /Prism is listening on (http:\S+\d)/.exec(line) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`Prism did not start:\n${said.join("\n")}`)));
  });
  const close = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { url, close };
}

/** What Prism minds about a response; what it minds about requests is what their senders get wrong on purpose. Header names are in lower case. */
export function violationsOf({ headers, text }: { headers: { [name: string]: string }; text: string }): string[] {
  if (headers["content-type"]?.startsWith("application/problem+json")) return [`instead of the response: ${text}`];
  const found: { location: string[]; message: string }[] = JSON.parse(headers["sl-violations"] ?? "[]");
  return found
    .filter(({ location: [part] }) => part !== "request")
    .map(({ location, message }) => `${location.join(".")}: ${message}`);
}
