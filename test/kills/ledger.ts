// What clients know of their instances: what was acknowledged, with its answer, and what was sent and never answered.

/** What an acknowledgement said. */
export interface Told {
  ts: number;
  state: string;
  /** How many events the machine had noted. */
  noted: number;
}

/** An event that was sent. */
export interface Sent {
  id: string;
  /** Who sent it: one event at a time, so they come in this order. */
  writer: string;
  /** Null until it is answered, and for ever when the server dies first. */
  told: Told | null;
  /** It was not answered, and found stored after a restart: from then on it has to stay. */
  isFound?: true;
  /** Set for one that asks to be reminded so much later. */
  delayMs?: number;
}

/** One instance; another one under the same name is another fact. */
export interface Fact {
  slug: string;
  /** Whose creation it is: written into the instance, and never the same again. */
  made: string;
  creation: "unknown" | "certain";
  created: Told | null;
  deletion: "none" | "unknown" | "certain";
  sent: Sent[];
}

/** By slug, the last one under each name. */
export type Ledger = Map<string, Fact>;

export function factOf(slug: string, made: string): Fact {
  return { slug, made, creation: "unknown", created: null, deletion: "none", sent: [] };
}

/** How much was acknowledged. */
export interface Totals {
  creates: number;
  events: number;
  timers: number;
  deletions: number;
  /** Sent, and not answered before the server died. */
  unanswered: number;
}

export const noTotals: Totals = { creates: 0, events: 0, timers: 0, deletions: 0, unanswered: 0 };
