// What a request is aimed at, in the forms that HTTP allows: its path, and the host it names.

import type { IncomingMessage } from "node:http";
import { Problem } from "../domain/problem.ts";

/**
 * Path and query of a request's target. A proxy is sent the whole URL; one published client doubles the leading slash; and the published
 * document came to write `/http-apis` for what the prose calls `/http-api`.
 */
export function originForm(target: string): string {
  const path = target
    .replace(/^https?:\/\/[^/?#]*/i, "")
    .replace(/^\/{2,}/, "/")
    .replace(/^\/http-apis\//, "/http-api/");
  return path.startsWith("/") || path === "*" ? path : `/${path}`;
}

/** A name or an address, and maybe a port. */
const hostPattern = /^(?:[\w.~-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/**
 * The host and port that a request names; where it came in, for one that may leave it out (HTTP/1.0).
 * @throws Problem `invalid-parameter` when they are none, or missing in HTTP/1.1 (RFC 9112, section 3.2)
 */
export function hostOf({ headers: { host = "" }, httpVersion, socket }: IncomingMessage): string {
  if (hostPattern.test(host) && URL.canParse(`http://${host}`)) return host;
  if (host === "" && httpVersion === "1.0") return localHost(socket);
  throw new Problem("invalid-parameter", "The host header must name a host, and may name its port.", {
    parameter: "host",
  });
}

function localHost({ localAddress = "", localPort }: IncomingMessage["socket"]): string {
  return `${localAddress.includes(":") ? `[${localAddress}]` : localAddress}:${localPort}`;
}
