// Lines of a file of any size, a chunk at a time: neither the snapshot nor the journal has to fit into one string.

import type { OpenFile } from "./files.ts";

export class Line {
  /** What the line is in, from `start` to `end`, its newline left out. The next batch overwrites it. */
  readonly chunk: Buffer;
  readonly start: number;
  readonly end: number;
  /** Where it starts in the file. */
  readonly offset: number;
  /** Counted from 1. */
  readonly number: number;
  /** False for the last line of a file that doesn't end in a newline. */
  readonly ended: boolean;

  constructor(chunk: Buffer, start: number, end: number, offset: number, number: number, ended: boolean) {
    this.chunk = chunk;
    this.start = start;
    this.end = end;
    this.offset = offset;
    this.number = number;
    this.ended = ended;
  }

  /** A view into the chunk, made when it is asked for: of a large snapshot most lines need none. */
  get bytes(): Buffer {
    return this.chunk.subarray(this.start, this.end);
  }
}

export interface LineBatch {
  lines: Line[];
  /** The lines' bytes, newlines included. */
  raw: Buffer;
}

const chunkBytes = 1 << 20;
const newline = 0x0a;

/** The lines between two offsets of which the first starts a line. */
export async function* linesOf(file: OpenFile, from: number, to: number): AsyncGenerator<LineBatch> {
  let buffer = Buffer.allocUnsafe(Math.max(1, Math.min(chunkBytes, to - from)));
  let filled = 0;
  let position = from;
  let number = 1;
  while (position < to) {
    if (filled === buffer.length) buffer = Buffer.concat([buffer], buffer.length * 2); // a line longer than the chunk
    const got = await file.read(
      buffer.subarray(filled, filled + Math.min(buffer.length - filled, to - position)),
      position,
    );
    if (got === 0) break;
    position += got;
    filled += got;
    const batch = split(buffer.subarray(0, filled), position - filled, number);
    number += batch.lines.length;
    yield batch;
    buffer.copyWithin(0, batch.raw.length, filled);
    filled -= batch.raw.length;
  }
  if (filled === 0) return;
  const raw = buffer.subarray(0, filled);
  yield { raw, lines: [new Line(raw, 0, raw.length, position - filled, number, false)] };
}

function split(bytes: Buffer, offset: number, number: number): LineBatch {
  const lines: Line[] = [];
  let start = 0;
  for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
    lines.push(new Line(bytes, start, end, offset + start, number + lines.length, true));
    start = end + 1;
  }
  return { lines, raw: bytes.subarray(0, start) };
}
