// The JSON object that a request to the control plane carries; openapi.yaml, the emulated API's document, says nothing of these.

import type { FastifyInstance } from "fastify";
import { bodyJson, bodyText } from "../domain/body-text.ts";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";

/** An event to explain is the longest that any of them has to say; a state document is not gathered. */
const longestControlBodyBytes = 1_000_000;

/** Before the control plane's routes: what they gather of a body is of that length. */
export function limitControlBodies(app: FastifyInstance): void {
  app.addHook("onRoute", (route) => {
    if (route.url.startsWith("/_settle/")) route.bodyLimit ??= longestControlBodyBytes;
  });
}

/**
 * @param example what would be right; its keys are all that may be sent
 * @throws Problem `invalid-parameter`
 */
export function readControlBody(body: unknown, example: JsonObject): JsonObject {
  const expected = `Send JSON such as ${JSON.stringify(example)}.`;
  const text = Buffer.isBuffer(body) ? bodyText(body) : "";
  if (text === "") throw new Problem("invalid-parameter", `There is no body. ${expected}`, { parameter: "body" });
  const value = bodyJson(text);
  if (!isJsonObject(value)) {
    throw new Problem("invalid-parameter", `The body is not an object. ${expected}`, { parameter: "body" });
  }
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(example, name));
  if (unknown === undefined) return value;
  throw new Problem("invalid-parameter", `There is no parameter ${unknown}. ${expected}`, { parameter: unknown });
}
