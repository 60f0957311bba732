// The books of what is accepted but not yet durable: judges a commit's fences against them, so that reads never have to see them.

import type { Change, Kind, Ref } from "../port.ts";
import { StoreConflict } from "../port.ts";
import type { Contents, Effect } from "./contents.ts";

/** What the next commit must take for granted about one record. `rev` 0: it doesn't exist. `last`: `seq` of its newest transition. */
interface Standing {
  rev: number;
  order: number;
  last: number;
}

interface Pending extends Standing {
  /** Accepted commits that touched the record and are not durable yet. */
  commits: number;
}

/** A commit that passed its fences: what to write and apply, and the revisions to answer with. */
export interface Plan {
  effects: Effect[];
  revs: number[];
  touched: Map<string, Standing>;
  lastOrder: number;
}

export class Staging {
  readonly #contents: Contents;
  readonly #pending = new Map<string, Pending>();
  #lastOrder: number;

  constructor(contents: Contents) {
    this.#contents = contents;
    this.#lastOrder = contents.lastOrder;
  }

  /**
   * Judges changes in order, each on top of the ones before it, and changes nothing.
   * A stale revision is told before a gap in a history: it is the likely cause of one.
   * @throws StoreConflict; RangeError for transitions that don't continue the history.
   */
  plan(changes: readonly Change[]): Plan {
    const plan: Plan = { effects: [], revs: [], touched: new Map(), lastOrder: this.#lastOrder };
    let gap: RangeError | null = null;
    for (const change of changes) {
      if (change.op === "append") gap ??= this.#append(plan, change);
      else if (change.op === "put") this.#put(plan, change);
      else if (change.op === "delete") this.#delete(plan, change);
      else if (change.op === "forget") this.#forget(plan, change);
      else if (change.op === "expect") this.#expect(plan, change);
      else this.#expectNone(plan, change);
    }
    if (gap !== null) throw gap;
    return plan;
  }

  /** A place that no other record has or will get, whatever becomes of the commits around. */
  drawOrder(): number {
    this.#contents.reserveOrder(++this.#lastOrder);
    return this.#lastOrder;
  }

  /** Later commits now build on this one. */
  accept(plan: Plan): void {
    this.#lastOrder = plan.lastOrder;
    for (const [key, standing] of plan.touched) {
      const { rev, order, last } = standing;
      const commits = (this.#pending.get(key)?.commits ?? 0) + 1;
      this.#pending.set(key, { rev, order, last, commits });
    }
  }

  /** The plan's effects are in the contents now. */
  settle(plan: Plan): void {
    for (const key of plan.touched.keys()) {
      const pending = this.#pending.get(key);
      if (pending !== undefined && --pending.commits === 0) this.#pending.delete(key);
    }
  }

  /** Nothing that was accepted and not settled will ever be. */
  abandon(): void {
    this.#pending.clear();
    this.#lastOrder = this.#contents.lastOrder;
  }

  #put(plan: Plan, change: Extract<Change, { op: "put" }>): void {
    const now = this.#standing(plan, change.kind, change.scope, change.name);
    fence(change, change.ifRev, now.rev);
    const isNew = now.rev === 0;
    const order = isNew ? ++plan.lastOrder : now.order;
    const next: Standing = { rev: now.rev + 1, order, last: isNew ? 0 : now.last };
    plan.touched.set(keyOf(change.kind, change.scope, change.name), next);
    plan.effects.push(putEffect(change, next));
    plan.revs.push(next.rev);
  }

  #delete(plan: Plan, change: Extract<Change, { op: "delete" }>): void {
    const now = this.#standing(plan, change.kind, change.scope, change.name);
    fence(change, change.ifRev, now.rev);
    plan.revs.push(0);
    if (now.rev === 0) return; // it was to be absent, and it is
    plan.touched.set(keyOf(change.kind, change.scope, change.name), { rev: 0, order: 0, last: 0 });
    plan.effects.push({ op: "delete", kind: change.kind, scope: change.scope, name: change.name });
  }

  #append(plan: Plan, change: Extract<Change, { op: "append" }>): RangeError | null {
    const { scope, name, rows } = change;
    const now = this.#standing(plan, "instance", scope, name);
    plan.revs.push(0);
    if (now.rev === 0) return new RangeError(`there is no instance ${scope}/${name} to have a history`);
    let last = now.last;
    for (const row of rows) {
      if (row.seq !== last + 1) return new RangeError(`transition ${row.seq} of ${scope}/${name} follows ${last}`);
      last++;
    }
    if (last === now.last) return null;
    plan.touched.set(keyOf("instance", scope, name), { ...now, last });
    plan.effects.push({ op: "append", scope, name, seq: now.last + 1, rows: rows.map((row) => JSON.stringify(row)) });
    return null;
  }

  /** What is forgotten stays counted. */
  #forget(plan: Plan, { scope, name, seq }: Extract<Change, { op: "forget" }>): void {
    const { rev, last } = this.#standing(plan, "instance", scope, name);
    if (rev === 0 || seq >= last) throw new RangeError(`transition ${seq} of ${scope}/${name} is not one to forget`);
    plan.revs.push(0);
    plan.effects.push({ op: "forget", scope, name, seq });
  }

  #expect(plan: Plan, { kind, scope, name, order }: Extract<Change, { op: "expect" }>): void {
    const now = this.#standing(plan, kind, scope, name);
    if (now.rev === 0 || now.order !== order) {
      const message = `${kind} ${scope}/${name} is not the one that was created in place ${order}`;
      throw new StoreConflict({ kind, scope, name }, now.rev, message);
    }
    plan.revs.push(0);
  }

  /** What is durable and stays, and what is accepted and will be. */
  #expectNone(plan: Plan, { kind, scope }: Extract<Change, { op: "expectNone" }>): void {
    const lead = keyOf(kind, scope, "");
    const accepted = new Map<string, Standing>([...this.#pending, ...plan.touched]);
    let count = this.#contents.size(kind, scope);
    for (const [key, { rev }] of accepted) {
      if (!key.startsWith(lead)) continue;
      const isDurable = this.#contents.standing(kind, scope, key.slice(lead.length)) !== null;
      count += Number(rev > 0) - Number(isDurable);
    }
    if (count > 0) throw new StoreConflict({ kind, scope, name: "" }, 0, `${scope} holds ${count} of kind ${kind}`);
    plan.revs.push(0);
  }

  #standing(plan: Plan, kind: Kind, scope: string, name: string): Standing {
    const key = keyOf(kind, scope, name);
    const accepted = plan.touched.get(key) ?? this.#pending.get(key);
    if (accepted !== undefined) return accepted;
    const stored = this.#contents.standing(kind, scope, name);
    if (stored === null) return { rev: 0, order: 0, last: 0 };
    const last = kind === "instance" ? this.#contents.lastSeq(scope, name) : 0;
    return { rev: stored.rev, order: stored.order, last };
  }
}

function fence({ kind, scope, name }: Ref, ifRev: number, rev: number): void {
  if (rev === ifRev) return;
  throw new StoreConflict({ kind, scope, name }, rev, `${kind} ${scope}/${name} is at revision ${rev}, not ${ifRev}`);
}

/** One string a record; the length keeps scope and name apart whatever characters they hold. */
function keyOf(kind: Kind, scope: string, name: string): string {
  return `${kind} ${scope.length} ${scope}${name}`;
}

/** The change's record at its new place. Kind and record stay paired: both come from the same change. */
function putEffect(change: Extract<Change, { op: "put" }>, { rev, order }: Standing): Effect {
  const { kind, scope, name, rec } = change;
  return { op: "put", kind, scope, name, rev, order, rec, kept: null } as Effect;
}
