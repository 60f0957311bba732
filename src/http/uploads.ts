// The upload URL: a multipart form with the fields that beginning a version gave out, the code last; open, since the token is the key.

import type { MultipartFile } from "@fastify/multipart";
import multipart from "@fastify/multipart";
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from "fastify";
import { messageOf } from "../domain/message-of.ts";
import { Problem } from "../domain/problem.ts";
import { bundleLimits } from "../operations/code.ts";
import type { Services } from "../operations/services.ts";
import type { Quiet } from "../operations/state/quiet.ts";
import { receiveUpload } from "../operations/uploads.ts";
import type { Admission } from "./admission.ts";

/** In a scope of its own, since the plugin looks after every request of the scope it is in, twice. */
export async function registerUploads(
  app: FastifyInstance,
  services: Services,
  quiet: Quiet,
  admission: Admission,
): Promise<void> {
  const onRequest: onRequestHookHandler = ({ method, headers }, reply, done) => {
    const place = admission.enter({ method, headers, longestBodyBytes: longestFormBytes });
    if (place instanceof Problem) return done(place);
    reply.raw.once("close", place.leave);
    done();
  };
  await app.register(async (scope) => {
    await scope.register(multipart);
    scope.post("/_settle/uploads", { onRequest }, async (request, reply) => {
      const file = await uploadedFile(request);
      const token = textField(file, "token");
      if (token === undefined) {
        throw new Problem(
          "invalid-parameter",
          "The field token is missing. Send every field of codeUploadFields before the file.",
          { parameter: "token" },
        );
      }
      const code = await contents(file);
      const isGzip = textField(file, "content-encoding") === "gzip";
      await quiet.during(() => receiveUpload(services, token, code, isGzip));
      return reply.code(204).send();
    });
  });
}

/** The code, and room for the other fields and what the form puts around them. */
const longestFormBytes = bundleLimits.plainBytes + 1_000_000;

async function uploadedFile(request: FastifyRequest): Promise<MultipartFile> {
  // Known before it is received; a form that announces no length is held to the limits below.
  if (Number(request.headers["content-length"]) > longestFormBytes) throw tooLarge();
  if (!request.isMultipart()) {
    throw new Problem(
      "unsupported-media-type",
      "Send the code as multipart/form-data, in the field `file`, after the other fields.",
    );
  }
  const limits = { fileSize: bundleLimits.plainBytes + 1, fields: 20, fieldSize: 10_000, files: 1 };
  try {
    const file = await request.file({ limits, throwFileSizeLimit: false });
    if (file) return file;
  } catch (cause) {
    throw new Problem("invalid-parameter", `The form can't be read: ${messageOf(cause)}.`, {
      parameter: "file",
      cause,
    });
  }
  throw new Problem("invalid-parameter", "The form has no field `file`.", { parameter: "file" });
}

function textField(file: MultipartFile, name: string): string | undefined {
  const field = file.fields[name];
  const one = Array.isArray(field) ? field[0] : field;
  return one?.type === "field" && typeof one.value === "string" ? one.value : undefined;
}

async function contents(file: MultipartFile): Promise<Buffer> {
  try {
    const bytes = await file.toBuffer();
    if (!file.file.truncated) return bytes;
  } catch (cause) {
    throw new Problem("invalid-parameter", "The form ended before the file did.", { parameter: "file", cause });
  }
  throw tooLarge();
}

function tooLarge(): Problem {
  const message = `The code is more than ${bundleLimits.plainBytes} bytes, which is the limit.`;
  return new Problem("body-too-large", message, { parameter: "file" });
}
