// Variables of a recorded scenario: names that each run makes up anew, and values that only an answer tells.

import { isMade, textsIn } from "./volatile.ts";

/** Where an answer told a value: `save` of its step. */
export type Save = { [variable: string]: string };

/** Pointers whose last word says that the service made the value up. */
const madeAt = /\/(cursor|maxTimestamp|machineVersionId|machineVersionMigrationId|access_token)$/;

export class Names {
  /** Slugs by the variable that stands for them. */
  readonly #slugs = new Map<string, string>();
  readonly #values = new Map<string, { variable: string; save: Save; pointer: string }>();
  readonly #taken = new Set(["i", "orgId", "longerThanSettlingMs", "slug", "instructions", "signedId"]);
  readonly #fixed: (slug: string) => boolean;

  /** `isFixed`: slugs that code names itself, which no variable can stand for. */
  constructor(isFixed: (slug: string) => boolean) {
    this.#fixed = isFixed;
  }

  get slugs(): string[] {
    return [...this.#slugs.values()];
  }

  /** Something is created under this slug. */
  create(slug: string): void {
    if (!this.#slugs.has(slug) && !this.#fixed(slug)) this.#slugs.set(slug, this.fresh(slug));
  }

  /** A variable that nothing has yet. */
  fresh(hint: string): string {
    const words = hint.split(/[^a-zA-Z0-9]+/).filter((word) => word !== "");
    const camel = words
      .map((word, i) => (i === 0 ? word.toLowerCase() : `${word[0]?.toUpperCase()}${word.slice(1)}`))
      .join("");
    const base = /^[a-z]/.test(camel) ? camel.slice(0, 40) : `name${camel.slice(0, 36)}`;
    let name = base;
    for (let i = 2; this.#taken.has(name); i++) name = `${base}${i}`;
    this.#taken.add(name);
    return name;
  }

  slug(text: string): string {
    const variable = this.#slugs.get(text);
    return variable === undefined ? text : `{${variable}}`;
  }

  /** An answer told these values; a later request that uses one makes its step save it. */
  learn(answer: unknown, save: Save): void {
    for (const [pointer, text] of textsIn(answer)) {
      const isWorthIt = isMade(text) || madeAt.test(pointer);
      if (isWorthIt && !this.#values.has(text)) this.#values.set(text, { variable: "", save, pointer });
    }
  }

  /** The variable for a value that an answer told; undefined for what none did. */
  value(text: string): string | undefined {
    const known = this.#values.get(text);
    if (known === undefined) return undefined;
    if (known.variable === "") {
      known.variable = this.fresh(known.pointer.split("/").at(-1) ?? "value");
      known.save[known.variable] = known.pointer;
    }
    return `{${known.variable}}`;
  }
}

/** Whether a text would be taken for one with variables. */
export function hasBraces(value: unknown): boolean {
  return textsIn(value).some(([, text]) => /\{[a-z]\w*\}/.test(text));
}
