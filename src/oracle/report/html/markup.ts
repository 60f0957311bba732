// HTML as template strings that escape whatever is put into them: most of it comes from the server under test.

/** A text that is HTML already. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Markup | string | number | undefined | readonly Part[];

/** Texts and numbers are escaped, markup and lists of it are not; nothing is written for undefined. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Markup {
  return new Markup(strings.map((string, i) => (i === 0 ? string : `${written(parts[i - 1])}${string}`)).join(""));
}

function written(part: Part): string {
  if (part === undefined) return "";
  if (part instanceof Markup) return part.text;
  if (typeof part === "string" || typeof part === "number") return escaped(String(part));
  return part.map(written).join("");
}

const escapes: { [character: string]: string } = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "\0": "\ufffd",
};

/** Characters that would turn the direction of what follows are shown instead: they can make a text look like another one. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[&<>"'\0]/g, (character) => escapes[character] ?? "")
    .replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, (turn) => `\\u${turn.charCodeAt(0).toString(16)}`);
}
