// What a proxy saw so far, under its own address: JSON for programs, a page for people.

import type { IncomingMessage, ServerResponse } from "node:http";
import { type Fault, type FaultList, isViolation } from "./faults.ts";
import { pathOf, queryOf } from "./route.ts";

/** The only path that is not passed on. */
export function isForViolations({ method, url = "/" }: IncomingMessage): boolean {
  return (method === "GET" || method === "HEAD") && pathOf(url) === "/_settle/violations";
}

/** `?exchange=<n>` shows what one exchange showed. A browser gets the page, everybody else JSON. */
export function violationsPage(
  { url = "/", headers }: IncomingMessage,
  response: ServerResponse,
  upstream: string,
  faults: FaultList,
): void {
  const asked = queryOf(url).get("exchange");
  const list = faults.list(asked === null ? undefined : Number(asked));
  const isPage = /\btext\/html\b/.test(headers.accept ?? "");
  const body = isPage ? page(upstream, asked, list) : `${JSON.stringify(grouped(upstream, list, faults.untold))}\n`;
  response.writeHead(200, {
    "content-type": isPage ? "text/html; charset=utf-8" : "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(isPage
      ? {
          "content-security-policy":
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        }
      : {}),
  });
  response.end(body);
}

function grouped(upstream: string, list: Fault[], untold: number): object {
  return {
    upstream,
    violations: list.filter(isViolation),
    warnings: list.filter((fault) => fault.of === "upstream" && !isViolation(fault)),
    client: list.filter(({ of }) => of === "client"),
    untold,
  };
}

function page(upstream: string, exchange: string | null, list: Fault[]): string {
  const where = exchange === null ? "" : ` in exchange ${escaped(exchange)}`;
  const section = (title: string, faults: Fault[]) =>
    faults.length === 0 ? "" : `<h2>${title}</h2>\n${faults.map(article).join("\n")}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${list.filter(isViolation).length} violations: Settle proxy</title>
<style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .25rem }</style>
<h1>What ${escaped(upstream)} did${where}</h1>
${list.length === 0 ? "<p>Nothing that the contracts forbid." : ""}
${section("Violations", list.filter(isViolation))}
${section(
  "Warnings",
  list.filter((fault) => fault.of === "upstream" && !isViolation(fault)),
)}
${section(
  "What clients sent that openapi.yaml doesn't know",
  list.filter(({ of }) => of === "client"),
)}
</html>
`;
}

function article({ rule, operationId = "", message, count, exchanges, source, repro }: Fault): string {
  return `<article>
<h3>${escaped(rule)} ${escaped(operationId)}</h3>
<p>${escaped(message)}
<p>${count} times, first in exchange ${exchanges[0]}. ${escaped(source)}
<pre>${escaped(repro.join("\n"))}</pre>
</article>`;
}

function escaped(text: string): string {
  const names: { [character: string]: string } = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replaceAll(/[&<>"']/g, (character) => names[character] ?? "");
}
