// Text that arrives in pieces, taken line by line.

/**
 * Takes the pieces in their order and hands on each whole line without its newline. Nothing but a newline ends a line: Node's own
 * `readline` also breaks at U+2028 and U+2029, which JSON may hold.
 */
export function lineSplitter(onLine: (line: string) => void): (piece: string) => void {
  let begun = "";
  return (piece) => {
    let start = 0;
    for (let end = piece.indexOf("\n"); end !== -1; end = piece.indexOf("\n", start)) {
      const line = begun + piece.slice(start, end);
      begun = "";
      start = end + 1;
      onLine(line);
    }
    begun += piece.slice(start);
  };
}
