// What is wrong with a machine's source, said so that whoever wrote it can mend it.

export interface SourceMistake {
  /** Absolute path of the file or folder at fault. */
  file: string;
  /** 1-based; absent when the whole file is meant. */
  line?: number;
  /** 1-based, in UTF-16 code units as editors count; present when `line` is. */
  column?: number;
  text: string;
}

/** A machine source that can't be found, named or bundled. The message has one line for each mistake: `file:line:column: text`. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly mistakes: readonly SourceMistake[];

  constructor(mistakes: readonly SourceMistake[], options?: ErrorOptions) {
    super(mistakes.map(format).join("\n"), options);
    this.mistakes = mistakes;
  }
}

function format({ file, line, column, text }: SourceMistake): string {
  const position = line === undefined ? "" : `:${line}:${column ?? 1}`;
  return `${file}${position}: ${text}`;
}
