// Exchanges that went through the proxy as lines of bash that do the same again, without any secret in them.

import type { Caller } from "../contracts.ts";
import { curlOf } from "../exchange.ts";
import { pathOf } from "./route.ts";
import { type Asked, isObject } from "./traffic.ts";

/** Longest body that a repro holds, in bytes. */
const longestBody = 65_536;

/** The headers that mean something to the service; who calls is signed anew. */
const told = ["content-type", "content-encoding", "x-statebacked-org-id", "x-statebacked-act"];

/** Signs with `SETTLE_KEY_ID` and `SETTLE_SECRET_KEY`; a token that says nothing of its bearer is `SETTLE_ADMIN_TOKEN`. */
export function lineOf(asked: Asked, body: Uint8Array): string {
  const { method, target, headers } = asked;
  const call = { method, path: target, headers: pick(headers), caller: callerOf(asked) };
  const text = textOf(body);
  const isHuge = body.length > longestBody;
  const line = curlOf({ ...call, ...(isHuge || body.length === 0 || text === null ? {} : { body: text }) });
  const opaque = asked.token !== null && asked.claims === null ? ' -H "authorization: Bearer $SETTLE_ADMIN_TOKEN"' : "";
  return `${withoutSecrets(line, pathOf(target))}${opaque}${bytesOf(body, text, isHuge)}`;
}

function bytesOf(body: Uint8Array, text: string | null, isHuge: boolean): string {
  if (isHuge) return ` # with a body of ${body.length} bytes, which is left out here`;
  return text === null ? ` --data-binary @<(base64 -d <<< ${Buffer.from(body).toString("base64")})` : "";
}

function pick(headers: Asked["headers"]): { [name: string]: string } {
  return Object.fromEntries(told.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}

/** Null for bytes that are no text, or that no word of bash can hold. */
function textOf(body: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** Who called, as far as the token says. */
export function callerOf({ token, claims }: Pick<Asked, "token" | "claims">): Caller {
  if (claims === null) return { token: "none" };
  const { act, sub } = claims.payload;
  return { act: isObject(act) ? act : {}, ...(typeof sub === "string" ? { sub } : {}), ...kindOf(token) };
}

/** A token without a signature is made without one again. */
function kindOf(token: string | null): Pick<Caller, "token"> {
  return token?.endsWith(".") ? { token: "unsigned" } : {};
}

const providerKey = /("key"\s*:\s*")[^"]*(")/g;

/** Secrets become variables of the environment, outside the quotes they stood in. */
function withoutSecrets(line: string, path: string): string {
  const variable = (name: string) => `'"$${name}"'`;
  const masked = line
    .replaceAll(/sbsec_[\w-]+/g, variable("SETTLE_SECRET_KEY"))
    .replaceAll(/eyJ[\w-]+\.eyJ[\w-]+\.[\w-]*/g, (jwt, at: number) =>
      isQuoted(line, at) ? variable("SETTLE_SUBJECT_TOKEN") : jwt,
    );
  return path === "/idps" ? masked.replaceAll(providerKey, `$1${variable("SETTLE_PROVIDER_KEY")}$2`) : masked;
}

/** Whether a place is within single quotes: a token made for the repro itself stands in double ones, and is none of ours to hide. */
function isQuoted(line: string, at: number): boolean {
  return (line.slice(0, at).replaceAll("'\\''", "").split("'").length - 1) % 2 === 1;
}

/** A text for reports: what looks like a secret is cut. */
export function discreet(text: string): string {
  return text.replaceAll(/sbsec_[\w-]+/g, "sbsec_…").replaceAll(/eyJ[\w-]{8,}(\.[\w-]+)+\.?/g, "eyJ…");
}

/** What a request was aimed at, for people: a token in its query is cut. */
export function shownTarget({ method, target }: Pick<Asked, "method" | "target">): string {
  return discreet(`${method} ${target.replace(/([?&]token=)[^&]*/, "$1…")}`);
}
