// Variables of a scenario: filling them into its steps, and taking them from answers.

import { createHmac } from "node:crypto";

export type Variables = ReadonlyMap<string, unknown>;

/**
 * A copy of a value with each `{name}` in its texts replaced. A text that is nothing but a variable becomes the
 * variable's value, of whatever type. `{ $hmac: { key, data } }` becomes the unpadded base64url of that HMAC-SHA-256, `{ $sum: [a, b] }` a number.
 * @throws for a variable that nothing has set
 */
export function fill<T>(value: T, variables: Variables): T {
  return filled(value, variables) as T;
}

function filled(value: unknown, variables: Variables): unknown {
  if (typeof value === "string") return filledText(value, variables);
  if (Array.isArray(value)) return value.map((item) => filled(item, variables));
  if (typeof value !== "object" || value === null) return value;
  const copy = Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, variables)]));
  if ("$sum" in copy) return (copy.$sum as number[]).reduce((sum, part) => sum + part, 0);
  return "$hmac" in copy ? hmacOf(copy.$hmac as { key: string; data: string }) : copy;
}

function hmacOf({ key, data }: { key: string; data: string }): string {
  return createHmac("sha256", key).update(data).digest("base64url");
}

function filledText(text: string, variables: Variables): unknown {
  const [, whole] = /^\{([a-z]\w*)\}$/.exec(text) ?? [];
  if (whole !== undefined) return variable(whole, variables);
  return text.replaceAll(/\{([a-z]\w*)\}/g, (_, name: string) => String(variable(name, variables)));
}

function variable(name: string, variables: Variables): unknown {
  if (variables.has(name)) return variables.get(name);
  throw new Error(`Nothing has set the variable ${name}.`);
}

/** What a JSON pointer finds in a value; undefined when nothing is there. */
export function dig(value: unknown, pointer: string): unknown {
  const names = pointer.split("/").slice(1);
  return names.reduce<unknown>((inner, name) => {
    const key = name.replaceAll("~1", "/").replaceAll("~0", "~");
    return typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined;
  }, value);
}
