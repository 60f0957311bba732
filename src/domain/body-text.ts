// What the bytes of a request body say, as text and as JSON.

import type { Json } from "./json.ts";
import { jsonDepth, maxJsonDepth } from "./json.ts";
import { messageOf } from "./message-of.ts";
import { Problem } from "./problem.ts";

/** @throws Problem `invalid-parameter` for bytes that are no text in that charset, `unsupported-media-type` for a charset nobody knows */
export function bodyText(bytes: Uint8Array, charset = "utf-8"): string {
  const decoder = decoderOf(charset);
  try {
    return decoder.decode(bytes);
  } catch {
    const name = charset.toUpperCase();
    throw new Problem("invalid-parameter", `The body is not text in ${name}.`, { parameter: "body" });
  }
}

/** Nearly every body's. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

function decoderOf(charset: string): { decode(bytes: Uint8Array): string } {
  if (charset === "utf-8") return utf8;
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch {
    throw new Problem("unsupported-media-type", `The charset ${charset} can't be read. Send the body in UTF-8.`);
  }
}

/** @throws Problem `invalid-parameter` for what is not JSON or nests too deep */
export function bodyJson(text: string): Json {
  if (jsonDepth(text) > maxJsonDepth) {
    throw new Problem("invalid-parameter", `The body nests deeper than ${maxJsonDepth} levels.`, { parameter: "body" });
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const message = messageOf(error);
    throw new Problem("invalid-parameter", `The body is not JSON: ${message}.`, { parameter: "body" });
  }
}
