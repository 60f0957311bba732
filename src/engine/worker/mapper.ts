// A module's HTTP API mapper: recognises it, asks its handlers and response mappers, and writes what they return as JSON.

import type { FromWorker, ToWorker } from "../protocol.ts";
import { describeThrown, describeWithStack } from "./console.ts";
import { answerWithin, TooLate } from "./patience.ts";

interface MapperEntry {
  handler(request: unknown): unknown;
  /** A mapper without one answers nothing but that all went well. */
  responseMapper?: (reached: unknown) => unknown;
}
export type HttpApiMapper = ReadonlyMap<string, MapperEntry>;

/** The mappers by name, none when there is no such export; or what is wrong with the export. */
export function readMapper(exported: unknown): HttpApiMapper | string {
  if (exported === undefined) return new Map();
  if (typeof exported !== "object" || exported === null) {
    return "the export httpApiMapper must be an object that holds a {handler, responseMapper} by name";
  }
  const entries = Object.entries(exported as { [name: string]: Partial<MapperEntry> | null | undefined });
  for (const [name, entry] of entries) {
    if (typeof entry?.handler !== "function") return `httpApiMapper.${name} must have a function handler`;
    const { responseMapper } = entry;
    if (responseMapper !== undefined && typeof responseMapper !== "function") {
      return `httpApiMapper.${name}.responseMapper must be a function, or missing`;
    }
  }
  return new Map(entries as [string, MapperEntry][]);
}

export interface MapperDeps {
  mapper: HttpApiMapper;
  mappedBytes: number;
  note(text: string): void;
}

/** Never rejects: what goes wrong is the answer. */
export async function askMapper(
  call: Extract<ToWorker, { op: "map-request" | "map-response" }>,
  { mapper, mappedBytes, note }: MapperDeps,
): Promise<FromWorker> {
  const { id, timeoutMs } = call;
  const entry = mapper.get(call.mapper);
  const what = call.op === "map-request" ? "handler" : "responseMapper";
  if (entry?.[what] === undefined) return { t: "absent", id };
  const who = `httpApiMapper.${call.mapper}.${what}`;
  try {
    const asked = call.op === "map-request" ? entry.handler(call.request) : entry.responseMapper?.(call.reached);
    return { t: "mapped", id, ...(await asJson(await answerWithin(timeoutMs, who, asked), mappedBytes)) };
  } catch (error) {
    if (error instanceof TooLate) return { t: "failed", id, reason: "settle-timeout", message: error.message };
    if (error instanceof TooLarge)
      return { t: "failed", id, reason: "machine-error", message: `${who} ${error.message}` };
    note(`${who} threw: ${describeWithStack(error)}`);
    return { t: "failed", id, reason: "machine-error", message: `${who} threw: ${describeThrown(error)}` };
  }
}

/** Bytes as a body have no JSON form and go beside it. */
async function asJson(answer: unknown, mappedBytes: number): Promise<{ json: string; base64?: string }> {
  const bytes = typeof answer === "object" && answer !== null && "body" in answer ? await bytesOf(answer.body) : null;
  const json = JSON.stringify(bytes ? { ...(answer as object), body: null } : answer) ?? "null";
  const size = Math.max(json.length, bytes?.length ?? 0);
  if (size > mappedBytes) throw new TooLarge(`returned ${size} bytes, and the limit is ${mappedBytes}`);
  return bytes ? { json, base64: bytes.toString("base64") } : { json };
}

async function bytesOf(body: unknown): Promise<Buffer | null> {
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  return body instanceof Blob ? Buffer.from(await body.arrayBuffer()) : null;
}

class TooLarge extends Error {}
