// Stops a body that is longer than its operation takes, as soon as that is known.

import type { Readable } from "node:stream";
import { Transform } from "node:stream";
import { Problem } from "../domain/problem.ts";

type Headers = { [name: string]: string | string[] | undefined };

/**
 * The payload to parse: the same one when its announced length fits, a counting one when none is announced, whose error may be the same
 * Problem `body-too-large` that a length too long is.
 */
export function limitBody(headers: Headers, payload: Readable, limit: number): Readable | Problem {
  const announced = headers["content-length"];
  if (announced !== undefined) {
    return Number(announced) > limit ? tooLarge(limit) : payload;
  }
  if (headers["transfer-encoding"] === undefined) return payload;
  let received = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      received += chunk.length;
      if (received > limit) done(tooLarge(limit));
      else done(null, chunk);
    },
  });
  payload.once("error", (error) => counting.destroy(error));
  return payload.pipe(counting);
}

function tooLarge(limit: number): Problem {
  return new Problem("body-too-large", `The body is larger than the ${limit} bytes this operation takes.`);
}
