// Values that another run, or another implementation, makes differently.

/** Identifiers, UUIDs, moments and tokens. */
const made = [
  /^(org|ver|mig|usr|sbk|inv)_[\w.-]{6,}$/,
  /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i,
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/,
  /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/,
  /^sbsec_/,
];

export function isMade(text: string): boolean {
  return made.some((pattern) => pattern.test(text));
}

/** Epoch milliseconds of this century. */
export function isMoment(value: number): boolean {
  return value > 946_684_800_000 && value < 4_102_444_800_000;
}

/** Every text in a value, with the JSON pointer to it. */
export function textsIn(value: unknown, pointer = ""): [pointer: string, text: string][] {
  if (typeof value === "string") return [[pointer, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    textsIn(item, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`),
  );
}
