// JavaScript source out of values: objects and arrays of code, printed so that a person can read and paste it.

/** Source text that stands for itself. */
export class Code {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type Source =
  | Code
  | string
  | number
  | boolean
  | undefined
  | readonly Source[]
  | { readonly [key: string]: Source };

const width = 110;

export function print(value: Source, indent = ""): string {
  if (value instanceof Code) return value.text;
  if (typeof value !== "object") return JSON.stringify(value);
  const deeper = `${indent}  `;
  const isList = Array.isArray(value);
  const parts = isList
    ? value.map((item: Source) => print(item, deeper))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${printKey(key)}: ${print(item, deeper)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  const flat = isList ? `${open}${parts.join(", ")}${close}` : `${open} ${parts.join(", ")} ${close}`;
  if (indent.length + flat.length < width && !flat.includes("\n")) return flat;
  return `${open}\n${parts.map((part) => `${deeper}${part},\n`).join("")}${indent}${close}`;
}

/** Nothing for an empty list, the item alone for a list of one: as people write configs. */
export function listed(items: readonly Source[]): Source {
  return items.length > 1 ? items : items[0];
}

function printKey(key: string): string {
  return /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
}
