// A journal line: one JSON object whose first member is the CRC-32 of everything after that member.
//
//   {"crc":"0f3ac91b","seq":12,"durable":11,"rows":[…]}

import { crc32 } from "node:zlib";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";

/** What every such line starts with. Inside a line it may stand too. */
export const checkedStart = '{"crc":"';
const afterCrc = '",';
/** Where the other members start. */
export const coveredFrom = checkedStart.length + 8 + afterCrc.length;
const ending = "}\n";
/** Bytes that a line takes beside the text of its members. */
export const roomAround = coveredFrom + ending.length;

/** Completes the line at `at` whose members were written from `at + coveredFrom` up to `end`. @returns where the line ends */
export function endChecked(into: Buffer, at: number, end: number): number {
  const lineEnd = end + into.write(ending, end, "latin1");
  into.write(startWith(into.subarray(at + coveredFrom, lineEnd - 1)), at, "latin1");
  return lineEnd;
}

/** Such a line on its own. `members` is the text of the object after its CRC, without the closing brace. */
export function checkedLine(members: string): Buffer {
  const line = Buffer.allocUnsafe(roomAround + Buffer.byteLength(members));
  endChecked(line, 0, coveredFrom + line.write(members, coveredFrom));
  return line;
}

/** Whether every byte of a line (without its newline) is as it was written. */
export function isIntact(line: Buffer): boolean {
  if (line.length < coveredFrom) return false;
  return line.toString("latin1", 0, coveredFrom) === startWith(line.subarray(coveredFrom));
}

/** The object on a line (without its newline), or null when a byte of it isn't as it was written. */
export function readChecked(line: Buffer): JsonObject | null {
  if (!isIntact(line)) return null;
  const value: unknown = JSON.parse(line.toString());
  return isJsonObject(value) ? value : null;
}

function startWith(covered: Buffer): string {
  return `${checkedStart}${crc32(covered).toString(16).padStart(8, "0")}${afterCrc}`;
}
