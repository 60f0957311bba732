// Cuts a state document into its head, its records and its tail while it arrives, so that one of any size takes the memory of one record.

import { Problem } from "../../domain/problem.ts";

export interface Piece {
  part: "head" | "record" | "tail";
  /** JSON of its own: head and tail are completed to objects. */
  text: string;
  /** Where it starts, counted from 1. */
  line: number;
  /** Of a record, counted from 0. */
  index: number;
}

export interface PieceLimits {
  /** Of one record; code of 10 MB takes several times as much when it is written as JSON. */
  recordBytes: number;
  /** Of arrays and objects within a record. */
  depth: number;
}

const defaultLimits: PieceLimits = { recordBytes: 100_000_000, depth: 1_000 };
/** Of what stands before and after the records. */
const edgeBytes = 64 * 1024;

/** @throws Problem for what can't be a state document */
export async function* piecesOf(
  chunks: AsyncIterable<Uint8Array>,
  limits: PieceLimits = defaultLimits,
): AsyncGenerator<Piece, void> {
  const cutter = new Cutter(limits);
  for await (const chunk of chunks) yield* cutter.take(chunk);
  yield cutter.end();
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const newline = 0x0a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const space: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d, newline]);

/** `between`: before a record, or before what ends them. */
type Mode = Piece["part"] | "between";

class Cutter {
  readonly #limits: PieceLimits;
  #mode: Mode = "head";
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #hasComma = true;
  #index = 0;
  #line = 1;
  #startLine = 1;
  /** The piece so far, as far as it came in earlier chunks. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;

  constructor(limits: PieceLimits) {
    this.#limits = limits;
  }

  *take(chunk: Uint8Array): Generator<Piece> {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number;
      if (byte === newline) this.#line++;
      if (this.#mode === "tail") continue;
      if (this.#mode === "between" && !this.#starts(byte)) continue;
      if (this.#mode === "between") {
        start = at;
        this.#begin(byte);
      }
      if (!this.#closes(byte)) continue;
      const piece = this.#cut(chunk.subarray(start, at + 1));
      if (piece === null) continue;
      yield piece;
      start = at + 1;
    }
    if (this.#mode !== "between") this.#hold(chunk.subarray(start));
  }

  /** @returns the tail */
  end(): Piece {
    if (this.#mode === "tail") {
      const text = this.#textOf(Buffer.concat(this.#held));
      return { part: "tail", text: `{"records":[${text}`, line: this.#startLine, index: this.#index };
    }
    if (this.#mode === "head") {
      const isEmpty = this.#heldBytes === 0;
      throw notOne(isEmpty ? "There is no document." : `It has no list of records, and ends at line ${this.#line}.`);
    }
    throw notOne(`It ends in the middle, at line ${this.#line}, behind ${this.#index} whole records.`);
  }

  /** Whether a record, or the tail, starts with this byte. */
  #starts(byte: number): boolean {
    if (space.has(byte)) return false;
    if (byte !== comma) return true;
    if (this.#hasComma) throw notOne(`At line ${this.#line} there is a comma without a record before it.`);
    this.#hasComma = true;
    return false;
  }

  #begin(byte: number): void {
    this.#startLine = this.#line;
    this.#mode = byte === closeBracket ? "tail" : "record";
    if (this.#mode === "tail") {
      if (this.#hasComma && this.#index > 0)
        throw notOne(`At line ${this.#line} a comma stands behind the last record.`);
      return;
    }
    if (byte !== openBrace) throw notOne(`${this.#place()} is not an object.`);
    if (!this.#hasComma) throw notOne(`Before ${this.#place()} a comma is missing.`);
    this.#hasComma = false;
  }

  /** Whether a piece may end with this byte: the head before the records, a record with its last brace. */
  #closes(byte: number): boolean {
    if (this.#isInString) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInString = false;
      return false;
    }
    switch (byte) {
      case quote:
        this.#isInString = true;
        return false;
      case openBrace:
      case openBracket:
        if (++this.#depth > this.#limits.depth) throw notOne(`${this.#place()} nests too deep.`);
        return this.#mode === "head" && byte === openBracket && this.#depth === 2;
      case closeBrace:
      case closeBracket:
        return --this.#depth === 2 && this.#mode === "record";
      default:
        return false;
    }
  }

  /** Null where the head goes on: the list that began is another one. */
  #cut(bytes: Uint8Array): Piece | null {
    const isHead = this.#mode === "head";
    const whole = this.#heldBytes === 0 ? bytes : Buffer.concat([...this.#held, bytes]);
    if (whole.length > (isHead ? edgeBytes : this.#limits.recordBytes)) throw this.#tooLarge();
    const text = this.#textOf(whole);
    if (isHead && !/"records"\s*:\s*\[$/.test(text)) return null;
    this.#mode = "between";
    this.#held = [];
    this.#heldBytes = 0;
    if (isHead) return { part: "head", text: `${text}]}`, line: 1, index: 0 };
    return { part: "record", text, line: this.#startLine, index: this.#index++ };
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > (this.#mode === "record" ? this.#limits.recordBytes : edgeBytes)) throw this.#tooLarge();
    this.#held.push(bytes);
  }

  #tooLarge(): Problem {
    if (this.#mode !== "record")
      return notOne(`Line ${this.#startLine} begins more than ${edgeBytes} bytes without a record.`);
    const message = `${this.#place()} is larger than ${this.#limits.recordBytes} bytes, which is the limit for one.`;
    return new Problem("body-too-large", message, { parameter: "body" });
  }

  #textOf(bytes: Uint8Array): string {
    try {
      return utf8.decode(bytes);
    } catch {
      throw notOne(`${this.#mode === "record" ? this.#place() : `Line ${this.#startLine}`} is not text in UTF-8.`);
    }
  }

  #place(): string {
    return `records[${this.#index}] (line ${this.#startLine})`;
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** What is not a state document. */
export function notOne(what: string): Problem {
  const message = `This is not a state document: ${what} Send what GET /_settle/state or settle store export wrote.`;
  return new Problem("invalid-parameter", message, { parameter: "body" });
}
