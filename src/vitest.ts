// Matchers for test suites: `expect(response).toConform("createMachineInstance")`, for vitest and whatever has an `expect.extend` like its.

import type {} from "vitest";
import { operations } from "./spec/document.ts";
import type { operations as Operations } from "./spec/generated/types.ts";
import { createResponseCheck, type WireResponse } from "./spec/response-check.ts";

export type OperationId = keyof Operations;

/** What can be judged: fetch's Response, one of supertest's, or anything with these. A `body` that is no text or bytes is sent JSON, parsed. */
export type Judged =
  | Response
  | { status: number; headers: HeadersOf; text: string }
  | { status: number; headers: HeadersOf; body?: unknown };

type HeadersOf = Headers | { readonly [name: string]: string | number | readonly string[] | undefined };

/** What a matcher answers with. */
export interface Judgement {
  pass: boolean;
  message: () => string;
}

const check = createResponseCheck();
const known = new Set(operations.map(({ operationId }) => operationId));

/** For `expect.extend(matchers)`. */
export const matchers = { toConform };

/**
 * Whether a response is one that openapi.yaml declares for the operation: status, content type, headers and body. For fetch's Response it
 * is a promise, since the body has to come first; what is judged is a copy, so that the test can still read it.
 * @throws TypeError for what is no response, and for an operation that there is not
 */
export function toConform(received: unknown, operationId: OperationId): Judgement | Promise<Judgement> {
  if (!known.has(operationId)) throw new TypeError(`openapi.yaml has no operation ${operationId}`);
  if (!(received instanceof Response)) return judge(wireOf(received), operationId);
  if (received.bodyUsed) {
    throw new TypeError("the response's body was read before: judge it first, or give {status, headers, body}");
  }
  const copy = received.clone();
  return copy.arrayBuffer().then((bytes) => {
    const headers = Object.fromEntries(copy.headers);
    return judge({ status: copy.status, headers, body: new Uint8Array(bytes) }, operationId);
  });
}

function judge(response: WireResponse, operationId: OperationId): Judgement {
  const violations = check.checkResponse({ ...response, operationId });
  const listed = violations.map(({ message, pointer }) => `  - ${message}${pointer ? ` (at ${pointer})` : ""}`);
  return {
    pass: violations.length === 0,
    message: () =>
      violations.length === 0
        ? `this response of ${operationId} (status ${response.status}) conforms to openapi.yaml, and was expected not to`
        : `this response of ${operationId} (status ${response.status}) does not conform to openapi.yaml:\n${listed.join("\n")}`,
  };
}

/** Supertest has the body as it came in `text`, and parsed in `body`. */
function wireOf(received: unknown): WireResponse {
  const response = received as { status?: unknown; headers?: HeadersOf; text?: unknown; body?: unknown } | null;
  if (typeof response?.status !== "number" || typeof response.headers !== "object" || response.headers === null) {
    throw new TypeError("toConform judges fetch's Response, supertest's, or an object {status, headers, body}");
  }
  const { status, headers, text, body } = response;
  return { status, headers: lowerCased(headers), body: typeof text === "string" ? text : bytesOf(body) };
}

function bytesOf(body: unknown): string | Uint8Array | null {
  if (body === undefined || body === null) return null;
  return typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function lowerCased(headers: HeadersOf): WireResponse["headers"] {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), value]));
}

declare module "vitest" {
  // The same parameters as in vitest 5's own declaration, whose `R` is what a matcher returns there.
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> {
    /** Whether a response is one that openapi.yaml declares for the operation. Await it for fetch's Response. */
    toConform(operationId: OperationId): T extends Response ? Promise<void> : R;
  }
}
