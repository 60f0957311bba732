// A document in a file that says at its end what its bytes were: a JSON object still, with its SHA-256 as the last member.

import { createHash, type Hash } from "node:crypto";

/** What every document ends with. */
const plainEnd = "}\n";

/** The SHA-256 of all bytes before it. */
function sealedEnd(hash: Hash): string {
  return `,"sha256":"${hash.digest("hex")}"}\n`;
}

const sealedEndBytes = Buffer.byteLength(sealedEnd(createHash("sha256")));

/** @param pieces of one JSON object, which ends with its brace and a newline */
export async function* sealed(pieces: AsyncIterable<string>): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  const end = yield* allButEnd(plainEnd.length, pieces, hash);
  if (end.toString() !== plainEnd) throw new Error("what is to be sealed is no JSON object");
  yield Buffer.from(sealedEnd(hash));
}

/**
 * The document as it was before it was sealed.
 * @throws at its end what `changed` makes, when a byte isn't as it was written: what came until then is to be thrown away
 */
export async function* unsealed(
  chunks: AsyncIterable<Uint8Array>,
  changed: () => Error,
): AsyncGenerator<Uint8Array, void> {
  const hash = createHash("sha256");
  const end = yield* allButEnd(sealedEndBytes, chunks, hash);
  if (end.toString("latin1") !== sealedEnd(hash)) throw changed();
  yield Buffer.from(plainEnd);
}

/** Returns the last bytes; the hash takes the others. */
async function* allButEnd(
  endBytes: number,
  chunks: AsyncIterable<string | Uint8Array>,
  hash: Hash,
): AsyncGenerator<Uint8Array, Buffer> {
  let end: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = Buffer.concat([end, Buffer.from(chunk)]);
    const cut = Math.max(0, bytes.length - endBytes);
    end = bytes.subarray(cut);
    if (cut === 0) continue;
    hash.update(bytes.subarray(0, cut));
    yield bytes.subarray(0, cut);
  }
  return end;
}
