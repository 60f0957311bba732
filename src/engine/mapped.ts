// Reads what a mapper's functions returned, which is whatever machine code came up with: every part of it is checked.

import { namePattern } from "../domain/ids.ts";
import type { JsonObject } from "../domain/json.ts";
import { isJsonObject, jsonDepth, maxJsonDepth } from "../domain/json.ts";
import { isReservedEvent } from "../domain/reserved-events.ts";
import type { MappedEvent, MappedResponse } from "./port.ts";

/** What a mapper's function returned is not what it must be; the message goes on from the function's name. */
class Unmappable extends Error {}

/** What was wrong. Anything but an Unmappable comes of a worker that doesn't keep to the protocol. */
export function describeUnmappable(error: unknown): string {
  return error instanceof Unmappable ? error.message : "returned what can't be read";
}

/** Largest answer of a handler, as JSON: an event and a context are no longer when they come in a request of their own. */
const longestEvent = 2_000_000;

/** @throws Unmappable */
export function readMappedEvent(json: string): MappedEvent {
  if (json.length > longestEvent)
    throw new Unmappable(`returned ${json.length} bytes as JSON, and the limit is ${longestEvent}`);
  const answer = parse(json);
  const { machineInstanceName, event: given, authContext, initialContext } = answer;
  if (typeof machineInstanceName !== "string" || !namePattern.test(machineInstanceName)) {
    throw mustBe("machineInstanceName", "1 to 128 letters, digits, - and _", machineInstanceName);
  }
  const event = typeof given === "string" ? { type: given } : given;
  if (!isEvent(event)) throw mustBe("event", "an event: a string, or an object with a string `type`", given);
  if (isReservedEvent(event.type)) throw mustBe("event", "no event that XState or the service reserves", event.type);
  if (!isJsonObject(authContext)) throw mustBe("authContext", "an object", authContext);
  const mapped = { machineInstanceName, event, authContext };
  if (initialContext === undefined) return mapped;
  if (!isJsonObject(initialContext)) throw mustBe("initialContext", "an object, or missing", initialContext);
  return { ...mapped, initialContext };
}

/** Statuses that have no body (RFC 9110); one that comes with them is dropped. */
const bodiless = [204, 205, 304];

/** `base64` is the body when that is bytes. @throws Unmappable */
export function readMappedResponse(json: string, base64: string | undefined): MappedResponse {
  const { statusCode, headers = {}, body } = parse(json);
  if (typeof statusCode !== "number" || !Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599) {
    throw mustBe("statusCode", "an integer from 200 to 599", statusCode);
  }
  if (!isJsonObject(headers)) throw mustBe("headers", "an object", headers);
  const sent = readHeaders(headers);
  if (bodiless.includes(statusCode)) return { status: statusCode, headers: sent, body: null };
  if (base64 !== undefined) {
    if (typeof base64 !== "string") throw mustBe("body", "bytes as base64", base64);
    return {
      status: statusCode,
      headers: labelled(sent, "application/octet-stream"),
      body: Buffer.from(base64, "base64"),
    };
  }
  if (body === undefined || body === null) return { status: statusCode, headers: sent, body: null };
  const [text, type] =
    typeof body === "string" ? [body, "text/plain; charset=utf-8"] : [JSON.stringify(body), "application/json"];
  return { status: statusCode, headers: labelled(sent, type), body: Buffer.from(text) };
}

/** About the connection or the length of the message, which are the server's own. */
const notTheMappers = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Names in lower case; of two that differ in case only, the last. */
function readHeaders(headers: JsonObject): { [name: string]: string } {
  const entries = Object.entries(headers).map(([name, value]): [string, string] => {
    if (!headerName.test(name)) throw mustBe("headers", "an object whose keys are header names", name);
    const text = typeof value === "number" ? String(value) : value;
    if (typeof text !== "string" || !headerValue.test(text)) {
      throw mustBe(`headers.${name}`, "a string of Latin-1 characters on one line", value);
    }
    return [name.toLowerCase(), text];
  });
  return Object.fromEntries(entries.filter(([name]) => !notTheMappers.has(name)));
}

function labelled(headers: { [name: string]: string }, type: string): { [name: string]: string } {
  return { "content-type": type, ...headers };
}

function parse(json: string): JsonObject {
  if (jsonDepth(json) > maxJsonDepth) throw new Unmappable(`returned what nests deeper than ${maxJsonDepth} levels`);
  const answer: unknown = JSON.parse(json);
  if (!isJsonObject(answer)) throw new Unmappable(`must return an object, and it returned ${shown(answer)}`);
  return answer;
}

function isEvent(value: unknown): value is JsonObject & { type: string } {
  return isJsonObject(value) && typeof value.type === "string";
}

function mustBe(part: string, right: string, actual: unknown): Unmappable {
  return new Unmappable(`returned a wrong ${part}: it must be ${right}, and it is ${shown(actual)}`);
}

function shown(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
