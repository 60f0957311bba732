// The whole state over HTTP: out, in, emptied, and kept under names.

import { Readable } from "node:stream";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { Problem } from "../domain/problem.ts";
import type { StateControl } from "../operations/state/control.ts";
import type { Shelved } from "../store/shelf.ts";
import { compressed } from "./body.ts";
import { readControlBody } from "./control-body.ts";

/** Of a state document: what is read of it takes as much memory, and more. */
const longestDocumentBytes = 1_000_000_000;

const jsonType = "application/json; charset=utf-8";

export function registerStateControl(app: FastifyInstance, state: StateControl): void {
  // Its own context, since only here a body is not gathered before it is looked at.
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
    scope.put("/_settle/state", async (request) => {
      const { body } = request;
      if (!(body instanceof Readable)) throw new Problem("invalid-parameter", noDocument, { parameter: "body" });
      try {
        return await state.import(chunksOf(request, body));
      } catch (error) {
        // A client that is still sending has to come to the end before it hears why.
        body.resume();
        throw error;
      }
    });
  });
  app.get<{ Querystring: { credentials?: string } }>(
    "/_settle/state",
    { exposeHeadRoute: false },
    async (request, reply) => {
      const document = await state.export({ withCredentials: isAsked(request.query.credentials) });
      return reply
        .headers({ "content-type": jsonType, "cache-control": "no-store" })
        .send(Readable.from(document, { objectMode: false, highWaterMark: 1 << 16 }));
    },
  );
  app.post("/_settle/reset", async (_request, reply) => {
    await state.reset();
    return reply.code(204).send();
  });
  registerSnapshots(app, state.snapshots);
}

function registerSnapshots(app: FastifyInstance, snapshots: StateControl["snapshots"]): void {
  app.post("/_settle/snapshots", async (request, reply) => {
    const { name } = readControlBody(request.body, { name: "before-the-sale" });
    // Whatever it is, saving says what is wrong with it.
    return reply.code(201).send(shown(await snapshots.save(name as string)));
  });
  app.get("/_settle/snapshots", { exposeHeadRoute: false }, async () => ({
    snapshots: (await snapshots.list()).map(shown),
  }));
  app.post<{ Params: { name: string } }>("/_settle/snapshots/:name/restore", ({ params }) =>
    snapshots.restore(params.name),
  );
  app.delete<{ Params: { name: string } }>("/_settle/snapshots/:name", async ({ params }, reply) => {
    await snapshots.delete(params.name);
    return reply.code(204).send();
  });
}

const noDocument = "There is no body. Send a state document, as GET /_settle/state or settle store export wrote it.";

/** The body as it comes; a reader that stops early leaves the connection as it is, to be answered on. */
async function* chunksOf({ headers }: FastifyRequest, body: Readable): AsyncGenerator<Uint8Array, void> {
  let received = 0;
  if (Number(headers["content-length"]) > longestDocumentBytes) throw tooLarge();
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw compressed("document", encoding);
  for await (const chunk of unbroken(body)) {
    received += chunk.length;
    if (received > longestDocumentBytes) throw tooLarge();
    yield chunk;
  }
}

/** A client that goes away is no defect of ours. */
async function* unbroken(body: Readable): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    const message = "The document did not come whole: the connection ended before it did.";
    throw new Problem("invalid-parameter", message, { parameter: "body", cause });
  }
}

function tooLarge(): Problem {
  const message = `The document is larger than ${longestDocumentBytes} bytes, which is the limit.`;
  return new Problem("body-too-large", message, { parameter: "body" });
}

function isAsked(value: string | undefined): boolean {
  if (value === undefined || value === "false") return false;
  if (value === "true") return true;
  const message = "credentials is true, for a document with secrets in it, or false.";
  throw new Problem("invalid-parameter", message, { parameter: "credentials" });
}

function shown({ name, bytes, savedAt }: Shelved): object {
  return { name, bytes, savedAt: new Date(savedAt).toISOString() };
}
