// Stores with many instances: a server makes one of each kind, and its records are multiplied in the store itself, which is much sooner done.

import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Transition } from "../src/domain/records.ts";
import { systemEntropy, wallClock } from "../src/outside.ts";
import { openLowdbStore } from "../src/store/lowdb/open.ts";
import type { Change, Store } from "../src/store/port.ts";
import { creation, event } from "./hot-operations.ts";
import { send } from "./load.ts";
import { machine } from "./plan.ts";
import { startSettle } from "./programs.ts";

/** Events behind each instance of a stock. */
const eventsBehind = 5;
const model = "model";
/** Instances put in one commit. */
const batch = 100;

/** The stores of one run, each made once, when it is first asked for. */
export class Stocks {
  readonly #folder: string;
  readonly #made = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A copy, for one server, of a store with that many instances, called `stored-0` and so on. @returns the path of its file */
  async stored(instances: number, copy: string): Promise<string> {
    const made = this.#make(`stored-${instances}`, (store, scope) => multiply(store, scope, instances));
    return this.#copy(await made, copy);
  }

  /** A copy of a store with instances that have as many transitions behind them, called `behind-1000-0` and so on. */
  async withHistories(lengths: number[], ofEach: number, copy: string): Promise<string> {
    const made = this.#make("histories", async (store, scope) => {
      for (const length of lengths) await lengthen(store, scope, length, ofEach);
    });
    return this.#copy(await made, copy);
  }

  async #copy(store: string, name: string): Promise<string> {
    const folder = join(this.#folder, name);
    await cp(dirname(store), folder, { recursive: true });
    return join(folder, "db.json");
  }

  #make(name: string, work: (store: Store, scope: string) => Promise<void>): Promise<string> {
    const known = this.#made.get(name);
    if (known) return known;
    const making = makeStock(join(this.#folder, name, "db.json"), work);
    this.#made.set(name, making);
    return making;
  }
}

async function makeStock(path: string, work: (store: Store, scope: string) => Promise<void>): Promise<string> {
  const settle = await startSettle(path, [machine]);
  try {
    await send(settle, creation(model));
    for (let n = 0; n < eventsBehind; n++) {
      await send(settle, { method: "POST", path: `/machines/machine/i/${model}/events`, body: event });
    }
  } finally {
    await settle.stop();
  }
  const store = await openLowdbStore(path, { durability: "process", clock: wallClock, entropy: systemEntropy });
  try {
    const bootstrap = await store.get("bootstrap", "", "bootstrap");
    if (!bootstrap) throw new Error(`the store ${path} does not say whose it is`);
    await work(store, `${bootstrap.rec.orgId}/machine`);
  } finally {
    await store.close();
  }
  return path;
}

async function multiply(store: Store, scope: string, instances: number): Promise<void> {
  const { rec, rows } = await readModel(store, scope);
  for (let n = 0; n < instances; n += batch) {
    const names = Array.from({ length: Math.min(batch, instances - n) }, (_, i) => `stored-${n + i}`);
    await store.commit(
      names.flatMap((slug): Change[] => [
        { op: "put", kind: "instance", scope, name: slug, rec: { ...rec, slug }, ifRev: 0 },
        { op: "append", scope, name: slug, rows },
      ]),
    );
  }
}

async function lengthen(store: Store, scope: string, length: number, ofEach: number): Promise<void> {
  const { rec, rows } = await readModel(store, scope);
  const longer = Array.from({ length }, (_, n) => ({ ...(rows[n % rows.length] as Transition), seq: n + 1 }));
  for (let n = 0; n < ofEach; n++) {
    const slug = `behind-${length}-${n}`;
    const put: Change = {
      op: "put",
      kind: "instance",
      scope,
      name: slug,
      rec: { ...rec, slug, transitionCount: length },
      ifRev: 0,
    };
    await store.commit(length === 0 ? [put] : [put, { op: "append", scope, name: slug, rows: longer }]);
  }
}

async function readModel(store: Store, scope: string) {
  const found = await store.get("instance", scope, model);
  if (!found) throw new Error(`the store has no instance ${model}`);
  const { items: rows } = await store.history(scope, model, 0, found.rec.transitionCount);
  return { rec: found.rec, rows };
}
