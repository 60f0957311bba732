// Lists across their pages: what following the cursors has shown so far.

import type { Judgement } from "./access.ts";
import type { Removals } from "./instance-facts.ts";
import { queryOf } from "./route.ts";
import { type Exchanged, isObject, scopeOf } from "./traffic.ts";

/** Where a list's entries are, and what tells them apart. Matches of an index are none: an instance may come again under another value. */
const lists: { [operationId: string]: { at: string; key: string } } = {
  listMachines: { at: "machines", key: "slug" },
  listMachineInstances: { at: "instances", key: "slug" },
  listMachineVersions: { at: "versions", key: "id" },
  listKeys: { at: "keys", key: "id" },
  listOrgs: { at: "orgs", key: "id" },
  listTokenProviders: { at: "tokenProviders", key: "service" },
  listMachineInstanceTransitions: { at: "transitions", key: "" },
};

/** A page, and those before it. */
interface Page {
  /** When the first of them was asked for. */
  start: number;
  keys: ReadonlySet<unknown>;
  entries: unknown[];
  before?: Page;
}

/** Cursors that are remembered; older ones are no longer followed. */
const mostCursors = 1_000;

export interface Followed {
  judgements: Judgement[];
  /** All entries, when this was the last page and the ones before were seen; `start`: when the first was asked for. */
  whole: { entries: unknown[]; start: number } | null;
}

export class Pages {
  readonly #byCursor = new Map<string, Page>();

  /** What is deleted and made anew under its old name may come twice. */
  follow(exchanged: Exchanged, removals: Removals): Followed {
    const { routed, status, answerJson } = exchanged;
    const list = lists[routed?.operation.operationId ?? ""];
    const entries = list && status === 200 && isObject(answerJson) ? answerJson[list.at] : undefined;
    if (list === undefined || !Array.isArray(entries)) return { judgements: [], whole: null };
    const asked = queryOf(exchanged.target).get("cursor");
    const before = asked === null ? undefined : this.#byCursor.get(this.#name(exchanged, asked));
    const keys = list.key === "" ? [] : entries.map((entry) => (isObject(entry) ? entry[list.key] : entry));
    const start = before?.start ?? exchanged.start;
    const page: Page = { start, keys: new Set(keys), entries, ...(before ? { before } : {}) };
    this.#remember(exchanged, page);
    const isKnown = asked === null || before !== undefined;
    const isLast = isObject(answerJson) && answerJson.cursor === undefined;
    const repeated = repeatedOf(keys, before);
    const broken = repeated === undefined ? null : `${JSON.stringify(repeated)} comes twice`;
    return {
      judgements: keys.length > 0 && removals.areNoneSince(start) ? [{ rule: "SB-PAGE-EACH-ONCE", broken }] : [],
      whole: isKnown && isLast ? { entries: allOf(page), start } : null,
    };
  }

  #name(exchanged: Exchanged, cursor: string): string {
    const { target } = exchanged;
    return `${scopeOf(exchanged)} ${target.split("?")[0]} ${cursor}`;
  }

  #remember(exchanged: Exchanged, page: Page): void {
    const { answerJson } = exchanged;
    if (!isObject(answerJson) || typeof answerJson.cursor !== "string") return;
    this.#byCursor.set(this.#name(exchanged, answerJson.cursor), page);
    const [oldest] = this.#byCursor.keys();
    if (this.#byCursor.size > mostCursors && oldest !== undefined) this.#byCursor.delete(oldest);
  }
}

function repeatedOf(keys: readonly unknown[], before: Page | undefined): unknown {
  const within = keys.find((key, i) => keys.indexOf(key) !== i);
  if (within !== undefined) return within;
  for (let page = before; page !== undefined; page = page.before) {
    const { keys: seen } = page;
    const again = keys.find((key) => seen.has(key));
    if (again !== undefined) return again;
  }
  return undefined;
}

function allOf(last: Page): unknown[] {
  const pages: unknown[][] = [];
  for (let page: Page | undefined = last; page !== undefined; page = page.before) pages.unshift(page.entries);
  return pages.flat();
}
