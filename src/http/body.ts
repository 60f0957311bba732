// Reads a request body as the operation's content types say, without changing what was sent.

import { bodyJson, bodyText } from "../domain/body-text.ts";
import { Problem } from "../domain/problem.ts";
import type { Operation } from "../spec/document.ts";

/**
 * Largest body of an operation, in bytes. A migration's may carry its whole code spelled out byte by byte (a defect of a published client);
 * a GET's or HEAD's is never read, so its length is nobody's concern.
 */
export function bodyLimitOf({ operationId, method }: Operation): number {
  if (method === "get" || method === "head") return Number.POSITIVE_INFINITY;
  return operationId === "createMigration" ? 32_000_000 : 2_000_000;
}

/**
 * The parsed body, `undefined` when there is none. Every client labels even empty bodies as JSON, so an empty one says nothing.
 * An operation that takes whatever comes gets the bytes.
 * @throws Problem 415 for a label the operation doesn't read or a body that is compressed, 400 for what is not JSON in UTF-8 or nests too deep
 */
export function readBody(
  operation: Operation,
  {
    contentType = "application/json",
    coding = "identity",
  }: { contentType: string | undefined; coding: string | undefined },
  bytes: Buffer | undefined,
): unknown {
  if (!bytes || bytes.length === 0) return undefined;
  const declared = operation.requestContentTypes;
  const label = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  if (declared.length === 0) return undefined;
  if (declared.includes("*/*")) return bytes;
  if (coding.trim().toLowerCase() !== "identity") {
    throw compressed("body", coding);
  }
  if (!declared.includes(label)) {
    const expected = declared.join(" or ");
    throw new Problem(
      "unsupported-media-type",
      `This operation reads ${expected}, and the body is labelled ${label || "not at all"}.`,
    );
  }
  const text = bodyText(bytes);
  if (label === "application/x-www-form-urlencoded") return parseForm(text);
  return bodyJson(text);
}

/** Of a parameter that is given twice nobody can say which one counts. @see RFC 6749, section 3.2 */
function parseForm(text: string): { [name: string]: string } {
  const form = new Map<string, string>();
  for (const [parameter, value] of new URLSearchParams(text)) {
    if (form.has(parameter)) {
      throw new Problem("invalid-parameter", `${parameter} is given more than once.`, { parameter });
    }
    form.set(parameter, value);
  }
  return Object.fromEntries(form);
}

/** @param what came so */
export function compressed(what: string, coding: string): Problem {
  const message = `The ${what} is compressed (content-encoding: ${coding}). Send it as it is.`;
  return new Problem("unsupported-media-type", message);
}
