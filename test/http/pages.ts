// Follows a list's cursors to its end.

import { expect } from "vitest";
import type { AppRig } from "./app-rig.ts";

type ListOptions = Parameters<AppRig["call"]>[2];

/** One member of every entry of all pages, in order. `between` runs after the first page. */
export async function namesInPages(
  rig: Pick<AppRig, "call">,
  path: string,
  items: string,
  name: string,
  between: () => Promise<unknown> = async () => {},
  options: ListOptions = {},
): Promise<{ all: string[]; pages: number }> {
  const all: string[] = [];
  let cursor: string | undefined;
  for (let pages = 1; ; pages++) {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(cursor)}`;
    const { status, body } = await rig.call("GET", `${path}${query}`, options);
    expect(status).toBe(200);
    const entries = body[items] as { [member: string]: unknown }[];
    all.push(...entries.map((entry) => String(entry[name])));
    if (pages === 1) await between();
    cursor = body.cursor;
    if (cursor === undefined) return { all, pages };
  }
}
