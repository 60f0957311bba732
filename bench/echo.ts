// The practical limit: a Fastify server that checks for a token, validates bodies as the API's document says, and answers always the same: node bench/echo.ts <port> <answers.json>

import { readFileSync } from "node:fs";
import fastify from "fastify";
import { document, resolve } from "../src/spec/document.ts";
import type { FixedAnswer } from "./rivals.ts";

const [port, file = ""] = process.argv.slice(2);
const answers = JSON.parse(readFileSync(file, "utf8")) as FixedAnswer[];
/** A name that the document's schemas are known under, so that their references to each other hold. */
const base = "openapi";

const app = fastify({
  ajv: { customOptions: { strict: false, coerceTypes: false, removeAdditional: false, useDefaults: false } },
});
app.addSchema({ $id: base, components: document.components });
app.addHook("onRequest", async (request, reply) => {
  if (!request.headers.authorization?.startsWith("Bearer ")) return reply.code(403).send({ error: "no bearer token" });
});
for (const { method, path, body } of answers) {
  const answer: unknown = JSON.parse(body);
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ":$1"),
    ...(method === "POST" ? { schema: { body: bodySchema(path) } } : {}),
    // Made a string anew for each answer, as anything must do whose answers differ.
    handler: async () => answer,
  });
}
await app.listen({ host: "127.0.0.1", port: Number(port) });

function bodySchema(path: string): object {
  const request = document.paths[path]?.post?.requestBody;
  if (!request) throw new Error(`the document says nothing about the body of POST ${path}`);
  const [{ content }] = resolve(document, request, "");
  const schema = content?.["application/json"]?.schema;
  return JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#', `"$ref":"${base}#`));
}
