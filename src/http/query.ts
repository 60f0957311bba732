// Reads a request's query: the parameters that the operation declares; others are ignored, as unknown properties of a body are.

/** What of an operation's parameters matters here; references are resolved by then. */
interface WithParameters {
  parameters?: readonly object[];
}

export function queryNames({ parameters = [] }: WithParameters): string[] {
  return parameters.flatMap((parameter) =>
    "in" in parameter && parameter.in === "query" && "name" in parameter ? [String(parameter.name)] : [],
  );
}

/** A parameter that comes more than once is an array of all its values, which the document can refuse. */
export function readQuery(url: string, names: readonly string[]): { [name: string]: string | string[] } {
  const start = url.indexOf("?");
  if (start === -1 || names.length === 0) return {};
  const given = new URLSearchParams(url.slice(start));
  const entries = names.flatMap((name): [string, string | string[]][] => {
    const values = given.getAll(name);
    const [first] = values;
    return first === undefined ? [] : [[name, values.length === 1 ? first : values]];
  });
  return Object.fromEntries(entries);
}
