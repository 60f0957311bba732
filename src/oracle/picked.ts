// Values that the target made up, such as ids and upload addresses: lines of a repro take them from the answers they get.

import { quoted } from "./caller.ts";

/** A line of a repro with what was answered to it, if that is known. */
export interface Asked {
  line: string;
  operationId?: string;
  json?: unknown;
}

/** Takes a value out of an answer, headers and all; `uri` encodes it for a path or query. */
const picker = [
  'let text = require("fs").readFileSync(0, "utf8"); while (/^HTTP\\//.test(text)) text = text.replace(/^[^]*?\\r?\\n\\r?\\n/, "");',
  'const [at, uri] = process.argv.slice(1), names = at.split("/").slice(1);',
  'const found = names.reduce((value, name) => value[name.replaceAll("~1", "/").replaceAll("~0", "~")], JSON.parse(text));',
  "process.stdout.write(uri ? encodeURIComponent(found) : String(found));",
].join(" ");

/** The function that the lines call. */
export const pickPrelude = [
  "pick() { # JSON pointer into the last answer; uri: encoded for a path",
  `  printf '%s' "$answer" | node -e ${quoted(picker)} -- "$@"; }`,
];

/** Names of what services make up: a value under another name is rather a coincidence. */
const madeUp = /(?:id|url|key|token|cursor|code)$/i;
const fieldsToUpload = "/codeUploadFields/";
const shortest = 3;

/** What later lines take from an answer. */
interface Pick {
  pointer: string;
  text: string;
  isEncoded: boolean;
  variable: string;
}

/**
 * The lines, so that they run again on a target that makes up other values: where a line repeats a value of an earlier answer that no line
 * had sent before, it takes it from the answer of that moment.
 */
export function portable(asked: readonly Asked[]): string[] {
  const lines = asked.map(({ line }) => line);
  const numbers = { next: 1 };
  return asked.map(({ operationId, json }, i) => {
    const known = asked.slice(0, i + 1).map(({ line }) => line);
    const picks = json === undefined ? [] : picksOf(json, known, lines.slice(i + 1), numbers);
    for (let later = i + 1; later < lines.length; later++) lines[later] = replaced(lines[later] ?? "", picks);
    const credentials = credentialsIn(operationId, lines.slice(i + 1));
    const captured = [...picks.map(assignment), ...credentials];
    const line = lines[i] ?? "";
    return captured.length === 0 ? line : `answer=$(${line}); printf '%s\\n' "$answer"; ${captured.join("; ")}`;
  });
}

function picksOf(json: unknown, known: readonly string[], later: readonly string[], numbers: { next: number }): Pick[] {
  const isSent = (text: string) => known.some((line) => occursIn(line, text));
  return leavesOf(json)
    .filter(([pointer]) => madeUp.test(pointer) || pointer.startsWith(fieldsToUpload))
    .filter(([, text]) => text.length >= shortest && JSON.stringify(text) === `"${text}"` && !isSent(text))
    .flatMap(([pointer, text]): Pick[] => {
      const encoded = encodeURIComponent(text);
      return [
        { pointer, text, isEncoded: false, variable: "" },
        ...(encoded === text ? [] : [{ pointer, text: encoded, isEncoded: true, variable: "" }]),
      ];
    })
    .filter(({ text }) => later.some((line) => occursIn(line, text)))
    .toSorted((a, b) => b.text.length - a.text.length)
    .map((pick) => ({ ...pick, variable: `v${numbers.next++}` }));
}

/** Texts within a value, with their pointers. */
function leavesOf(value: unknown, pointer = ""): [string, string][] {
  if (typeof value === "string") return [[pointer, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    leavesOf(inner, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}

/** The text as a whole word, as it stands between single quotes. */
function wordOf(text: string): RegExp {
  const literal = text.replaceAll("'", `'\\''`).replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![\\w-])${literal}(?![\\w-])`, "g");
}

function occursIn(line: string, text: string): boolean {
  return line.search(wordOf(text)) !== -1;
}

/** Everything that a value can stand in is between single quotes. */
function replaced(line: string, picks: readonly Pick[]): string {
  const filled = picks.reduce((text, pick) => text.replaceAll(wordOf(pick.text), `'"$${pick.variable}"'`), line);
  return filled.replaceAll(/''("\$v\d+")/g, "$1").replaceAll(/("\$v\d+")''/g, "$1");
}

function assignment({ variable, pointer, isEncoded }: Pick): string {
  return `${variable}=$(pick ${quoted(pointer)}${isEncoded ? " uri" : ""})`;
}

/** Keys and tokens that later lines sign with are named, since they are never printed. */
function credentialsIn(operationId: string | undefined, later: readonly string[]): string[] {
  const isUsed = (variable: string) => later.some((line) => line.includes(`$${variable}`));
  if (operationId === "createKey" && isUsed("CREATED_KEY_ID")) {
    return ["CREATED_KEY_ID=$(pick /id)", "CREATED_SECRET_KEY=$(pick /key)"];
  }
  return operationId === "exchangeToken" && isUsed("EXCHANGED_TOKEN") ? ["EXCHANGED_TOKEN=$(pick /access_token)"] : [];
}
