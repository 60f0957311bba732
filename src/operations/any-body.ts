// Reads a request body of whatever content type into the value that a mapper's handler gets.

import { bodyJson, bodyText } from "../domain/body-text.ts";
import type { Json, JsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";

/**
 * JSON as what it says, a form as an object, text as a string, anything else as base64; `null` when there is none.
 * @throws Problem for a body that is not what its content type says (400), or in a charset nobody knows (415)
 */
export async function readAnyBody(bytes: Uint8Array, headers: { [name: string]: string }): Promise<Json> {
  if (bytes.length === 0) return null;
  const { "content-type": contentType = "", "content-encoding": encoding = "identity" } = headers;
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  // Compressed, it is text to nobody who hasn't unpacked it.
  if (encoding.toLowerCase() !== "identity") return base64Of(bytes);
  if (type === "application/json" || type.endsWith("+json")) return bodyJson(bodyText(bytes));
  if (type === "application/x-www-form-urlencoded") return Object.fromEntries(new URLSearchParams(bodyText(bytes)));
  if (type === "multipart/form-data") return readForm(bytes, contentType);
  return type.startsWith("text/") ? bodyText(bytes, charsetOf(contentType)) : base64Of(bytes);
}

/** Of fields with one name, the last; a file as its name, its content type and its bytes. */
async function readForm(bytes: Uint8Array, contentType: string): Promise<JsonObject> {
  let form: FormData;
  try {
    form = await new Response(Buffer.from(bytes), { headers: { "content-type": contentType } }).formData();
  } catch (cause) {
    throw new Problem("invalid-parameter", "The body is not the multipart form that its content type says.", {
      parameter: "body",
      cause,
    });
  }
  const fields = [...form].map(async ([name, value]): Promise<[string, Json]> => {
    if (typeof value === "string") return [name, value];
    return [name, { name: value.name, type: value.type, base64: base64Of(await value.bytes()) }];
  });
  return Object.fromEntries(await Promise.all(fields));
}

function charsetOf(contentType: string): string | undefined {
  return /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1];
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
