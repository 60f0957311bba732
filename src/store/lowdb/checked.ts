// A journal line: one JSON object whose first member is the CRC-32 of everything after that member.
//
//   {"crc":"0f3ac91b","seq":12,"durable":11,"rows":[…]}

import { crc32 } from "node:zlib";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";

/** What every such line starts with. Inside a line it may stand too. */
export const checkedStart = '{"crc":"';
const afterCrc = '",';
const coveredFrom = checkedStart.length + 8 + afterCrc.length;

/**
 * Writes a line into a buffer that has room for it and returns where it ends.
 * `members` is the text of the object after its CRC, without the closing brace.
 */
export function writeChecked(members: string, into: Buffer, at: number): number {
  const covered = at + coveredFrom;
  let end = covered + into.write(members, covered);
  end += into.write("}", end);
  into.write(startWith(into.subarray(covered, end)), at, "latin1");
  return end + into.write("\n", end);
}

/** Bytes that the line of these members takes. */
export function roomFor(members: string): number {
  return coveredFrom + Buffer.byteLength(members) + "}\n".length;
}

/** Such a line on its own. */
export function checkedLine(members: string): Buffer {
  const line = Buffer.allocUnsafe(roomFor(members));
  writeChecked(members, line, 0);
  return line;
}

/** The object on a line (without its newline), or null when a byte of it isn't as it was written. */
export function readChecked(line: Buffer): JsonObject | null {
  if (line.length < coveredFrom) return null;
  const covered = line.subarray(coveredFrom);
  if (line.toString("latin1", 0, coveredFrom) !== startWith(covered)) return null;
  const value: unknown = JSON.parse(line.toString());
  return isJsonObject(value) ? value : null;
}

function startWith(covered: Buffer): string {
  return `${checkedStart}${crc32(covered).toString(16).padStart(8, "0")}${afterCrc}`;
}
