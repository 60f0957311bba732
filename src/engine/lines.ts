// Splits a stream of bytes into lines, at line feeds only: JSON texts may hold any other separator that a line reader would split at.

const lineFeed = 0x0a;

export interface LineEvents {
  onLine(line: string): void;
  /** A line passed `maxBytes`; nothing more is reported. */
  onTooLong(): void;
  maxBytes: number;
}

/** @returns what takes each chunk */
export function lineSplitter({ onLine, onTooLong, maxBytes }: LineEvents): (chunk: Buffer) => void {
  /** The beginning of a line whose end has not come yet. */
  let parts: Buffer[] = [];
  let held = 0;
  return (chunk) => {
    if (held > maxBytes) return;
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end !== -1; end = chunk.indexOf(lineFeed, start)) {
      if (held === 0) onLine(chunk.toString("utf8", start, end));
      else {
        parts.push(chunk.subarray(start, end));
        const line = Buffer.concat(parts).toString("utf8");
        parts = [];
        held = 0;
        onLine(line);
      }
      start = end + 1;
    }
    if (start === chunk.length) return;
    parts.push(chunk.subarray(start));
    held += chunk.length - start;
    if (held <= maxBytes) return;
    parts = [];
    onTooLong();
  };
}
