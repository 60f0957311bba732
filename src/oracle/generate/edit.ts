// One change to a JSON value, at one place.

/** The names and positions that lead there from the root. */
export type Place = readonly (string | number)[];

export interface Edit {
  at: Place;
  /** What to put there; the property is taken out without it. */
  put?: { value: unknown };
}

/** A copy of the value with the edit made. Objects and arrays that are missing on the way are made, so that there is a place for it. */
function edited(value: unknown, { at, put }: Edit): unknown {
  const [name, ...rest] = at;
  if (name === undefined) return put?.value;
  if (typeof name === "number") {
    const items = Array.isArray(value) ? [...value] : [];
    items[Math.min(name, items.length)] = edited(items[name], edit(rest, put));
    return items;
  }
  const copy = new Map(typeof value === "object" && value !== null ? Object.entries(value) : []);
  if (rest.length === 0 && put === undefined) copy.delete(name);
  else copy.set(name, edited(copy.get(name), edit(rest, put)));
  return Object.fromEntries(copy);
}

function edit(at: Place, put: Edit["put"]): Edit {
  return put === undefined ? { at } : { at, put };
}

/** A copy with all of the edits made, one after another. */
export function editedBy(value: unknown, edits: readonly Edit[]): unknown {
  return edits.reduce(edited, value);
}

/** As a JSON pointer, for people. */
export function pointerOf(at: Place): string {
  return at.map((name) => `/${name}`).join("");
}
