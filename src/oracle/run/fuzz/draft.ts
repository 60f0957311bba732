// A generated request before it is sent: what stands where in it.

import type { Caller, MadeToken } from "../../contracts.ts";
import type { Call } from "../../exchange.ts";
import type { ParameterPart, RequestParts } from "../../generate/requests.ts";

export interface Draft {
  parts: RequestParts;
  /** Path, query and header parameters by name. A null query parameter has no value. */
  params: { [name: string]: unknown };
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  text?: string;
  form?: { [name: string]: string | MadeToken };
  /** `application/json` without it; none when empty. */
  contentType?: string;
  caller?: Caller;
  /** Goes behind the path's query as it is. */
  rawQuery?: string;
  /** Instead of the operation's own. */
  method?: string;
  /** Beside those that are parameters. */
  headers?: { [name: string]: string };
  /** The curl lines that made what it needs. */
  trail: string[];
}

export function callOfDraft(draft: Draft): Call {
  const { parts, params, body, text, form, contentType, caller, rawQuery, method } = draft;
  const given = (place: ParameterPart["in"]) =>
    parts.parameters.filter(({ in: where, name }) => where === place && params[name] !== undefined);
  let path = parts.path;
  for (const { name } of given("path")) path = path.replace(`{${name}}`, encodeURIComponent(String(params[name])));
  const query = given("query").map(({ name }) =>
    params[name] === null ? name : `${name}=${encodeURIComponent(textOf(params[name]))}`,
  );
  if (rawQuery !== undefined) query.push(rawQuery);
  const named = Object.fromEntries(given("header").map(({ name }) => [name, textOf(params[name])]));
  const type = contentType ?? (form === undefined ? "application/json" : "application/x-www-form-urlencoded");
  const sent = text ?? (body === undefined ? undefined : JSON.stringify(body));
  const isBodiless = ["GET", "HEAD"].includes(method ?? parts.method);
  return {
    // With another method it is no request of that operation.
    ...(method === undefined ? { operationId: parts.operationId } : {}),
    method: method ?? parts.method,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    headers: { ...(type === "" ? {} : { "content-type": type }), ...named, ...draft.headers },
    ...(sent === undefined || isBodiless ? {} : { body: sent }),
    ...(form === undefined ? {} : { form }),
    caller: caller ?? (parts.isSecured ? {} : { token: "none" }),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
