// Header lines on their way through a proxy: as they came, in their order, those aside that belong to one connection.

/** Of one connection only. @see RFC 9110, section 7.6.1 */
const hopByHop = ["connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"];

/** Names and values by turns, as Node's `rawHeaders`. */
export type RawHeaders = readonly string[];

export function pairsOf(raw: RawHeaders): [name: string, value: string][] {
  return raw.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, raw[i + 1] ?? ""]] : []));
}

/** Without what the connection's own `Connection` header names, too. */
export function endToEnd(raw: RawHeaders): [name: string, value: string][] {
  const pairs = pairsOf(raw);
  const named = pairs
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.toLowerCase().split(/\s*,\s*/));
  const dropped = new Set([...hopByHop, ...named]);
  return pairs.filter(([name]) => !dropped.has(name.toLowerCase()));
}

export function flat(pairs: readonly (readonly [string, string])[]): string[] {
  return pairs.flat();
}

/** By lower-case name; of a repeated one, all values. */
export function byName(raw: RawHeaders): { [name: string]: string } {
  const headers: { [name: string]: string } = {};
  for (const [name, value] of pairsOf(raw)) {
    const key = name.toLowerCase();
    headers[key] = headers[key] === undefined ? value : `${headers[key]}, ${value}`;
  }
  return headers;
}

/** Whose name the upstream is called by: its own, or the one that the client used. */
export type HostHeader = "client" | "upstream";

export function withHost(pairs: [string, string][], host: HostHeader, upstream: URL): [string, string][] {
  if (host === "client") return pairs;
  return pairs.map(([name, value]) => [name, name.toLowerCase() === "host" ? upstream.host : value]);
}
