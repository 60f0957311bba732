// What a scenario does over realtime sockets, as lines of a repro.

import { quoted, tokenInShell } from "./caller.ts";
import type { Call } from "./exchange.ts";

/** Node has the WebSocket client that curl lacks. */
const client = [
  'const [name, url] = process.argv.slice(1), ws = new WebSocket(url), say = (...words) => console.log("\\n" + name, ...words);',
  'ws.onopen = () => require("readline").createInterface({ input: process.stdin })',
  '.on("line", (line) => ws.send(line)).on("close", () => setTimeout(() => ws.close(), 500));',
  'ws.onmessage = ({ data }) => say("got", data); ws.onclose = ({ code }) => { say("was closed:", code); process.exit(); };',
].join(" ");

/** The function that the lines call: each socket is a program in the background, fed through a pipe of its own. */
export const socketPrelude = [
  "declare -A sockets",
  "ws() { # name, path, token, messages: opens the socket at its first use, sends, and shows for a second what comes",
  `  local name=$1 url="\${SETTLE_URL/#http/ws}$2" pipe fd`,
  '  case $2 in *\\?*) url="$url&token=$3";; *) url="$url?token=$3";; esac; shift 3',
  `  if [ -z "\${sockets[$name]:-}" ]; then pipe=$(mktemp -u); mkfifo "$pipe"`,
  `    node -e ${quoted(client)} "$name" "$url" < "$pipe" & exec {fd}> "$pipe"; rm "$pipe"; sockets[$name]=$fd; fi`,
  `  [ $# -eq 0 ] || printf '%s\\n' "$@" >&"\${sockets[$name]}"; sleep 1; }`,
];

/** One step over a socket; the same function at a step without a socket yet opens it. */
export function shellLine(name: string, { path, caller }: Call, messages: readonly unknown[]): string {
  const texts = messages.map((message) => quoted(typeof message === "string" ? message : JSON.stringify(message)));
  return ["ws", name, quoted(path), `"${tokenInShell(caller) ?? ""}"`, ...texts].join(" ");
}

export function usesSockets(lines: readonly string[]): boolean {
  return lines.some((line) => line.startsWith("ws "));
}
