// What a text that names a store means: a file, or a place of another kind.

/** Whether it is the path of a file: no `memory:`, no `postgres://…`. A single letter before the colon is a drive. */
export function isStorePath(store: string): boolean {
  return !/^[a-z][a-z0-9+.-]+:/i.test(store);
}
