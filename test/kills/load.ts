// Clients that work at a server until it dies: each on instances of its own, all of them on some that they share.

import { createHmac } from "node:crypto";
import type { Call } from "../crash/lives.ts";
import { createDice, type Dice } from "./dice.ts";
import { type Fact, factOf, type Ledger, type Sent, type Told, type Totals } from "./ledger.ts";

export const machine = "tally";
const at = `/machines/${machine}`;
const writers = 12;
const sharedInstances = 4;
/** Of one writer. */
const mostInstances = 8;
/** After so many events an instance of somebody's own is deleted. */
const mostEvents = 40;

export interface LoadOptions {
  call: Call;
  ledger: Ledger;
  totals: Totals;
  /** Of this round: what is sent in it is named after it. */
  round: number;
  seed: string;
  onAcknowledged(): void;
  /** Told of an answer that nothing explains. */
  onOddity(what: string): void;
}

/** Resolves when the server answers nobody any more. */
export async function loadUntilDeath(options: LoadOptions): Promise<void> {
  await Promise.all(Array.from({ length: writers }, (_, n) => new Writer(options, n).work()));
}

class Writer {
  readonly #options: LoadOptions;
  readonly #name: string;
  readonly #dice: Dice;
  readonly #prefix: string;
  #sent = 0;

  constructor(options: LoadOptions, n: number) {
    this.#options = options;
    this.#name = `w${n}`;
    this.#dice = createDice(`${options.seed} ${this.#name}`);
    this.#prefix = `${options.round}-${this.#name}`;
  }

  async work(): Promise<void> {
    while (await this.#act());
  }

  /** @returns false when the server is dead */
  #act(): Promise<boolean> {
    const dice = this.#dice;
    if (dice.percent(30)) return this.#share();
    const own = this.#own();
    const chosen = dice.pick(own);
    if (!chosen || (own.length < mostInstances && dice.percent(25))) return this.#create(this.#freeSlug());
    if (chosen.sent.length >= mostEvents || dice.percent(8)) return this.#delete(chosen);
    return this.#send(chosen);
  }

  #own(): Fact[] {
    const prefix = `${this.#name}-`;
    return [...this.#options.ledger.values()].filter(
      ({ slug, deletion }) => slug.startsWith(prefix) && deletion === "none",
    );
  }

  /** Names come again, so that an instance is made under one that another had. */
  #freeSlug(): string {
    const { ledger } = this.#options;
    const slugs = Array.from({ length: mostInstances }, (_, n) => `${this.#name}-${n}`);
    return slugs.find((slug) => (ledger.get(slug)?.deletion ?? "certain") === "certain") ?? `${this.#name}-0`;
  }

  #share(): Promise<boolean> {
    const slug = `shared-${this.#dice.below(sharedInstances)}`;
    const fact = this.#options.ledger.get(slug);
    if (!fact) return this.#create(slug);
    // Somebody else is making it: an own instance will do.
    if (fact.creation === "unknown") return this.#create(this.#freeSlug());
    return this.#send(fact);
  }

  async #create(slug: string): Promise<boolean> {
    const { call, ledger, totals } = this.#options;
    const fact = factOf(slug, `${slug} of ${this.#prefix}-${this.#sent++}`);
    const previous = ledger.get(slug);
    ledger.set(slug, fact);
    const answer = await call("POST", at, { slug, context: { public: { made: fact.made, seen: [] } } });
    if (!this.#isAcknowledged("create", slug, answer)) {
      if (answer === null) return false;
      // Refused, it never was.
      if (previous) ledger.set(slug, previous);
      else ledger.delete(slug);
      return true;
    }
    fact.creation = "certain";
    fact.created = toldBy(answer.body);
    totals.creates++;
    return true;
  }

  async #send(fact: Fact): Promise<boolean> {
    const { call, totals } = this.#options;
    const id = `${this.#prefix}-${this.#sent++}`;
    const sent: Sent = { id, writer: this.#name, told: null };
    if (this.#dice.percent(20)) sent.delayMs = 1 + this.#dice.below(400);
    fact.sent.push(sent);
    const { delayMs } = sent;
    const event = delayMs === undefined ? { type: "ADD", id } : { type: "LATER", id, delayMs };
    const answer = await call("POST", `${at}/i/${fact.slug}/events`, { event });
    if (!this.#isAcknowledged("send", fact.slug, answer)) {
      if (answer === null) return false;
      fact.sent.splice(fact.sent.indexOf(sent), 1);
      return true;
    }
    sent.told = toldBy(answer.body);
    totals.events++;
    if (delayMs !== undefined) totals.timers++;
    return true;
  }

  async #delete(fact: Fact): Promise<boolean> {
    const { call, totals } = this.#options;
    fact.deletion = "unknown";
    const answer = await call("DELETE", `${at}/i/${fact.slug}`, {
      dangerDataWillBeDeletedForever: true,
      hmacSha256OfMachineInstanceNameWithMachineNameKey: createHmac("sha256", machine)
        .update(fact.slug)
        .digest("base64url"),
    });
    if (!this.#isAcknowledged("delete", fact.slug, answer)) {
      if (answer === null) return false;
      fact.deletion = "none";
      return true;
    }
    fact.deletion = "certain";
    totals.deletions++;
    return true;
  }

  #isAcknowledged(what: string, slug: string, answer: Awaited<ReturnType<Call>>): answer is NonNullable<typeof answer> {
    if (answer !== null && answer.status < 300) {
      this.#options.onAcknowledged();
      return true;
    }
    if (answer === null) this.#options.totals.unanswered++;
    else this.#options.onOddity(`${what} ${slug}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return false;
  }
}

function toldBy(body: object): Told {
  const { ts, state, publicContext } = body as { ts: number; state: string; publicContext: { seen: string[] } };
  return { ts, state, noted: publicContext.seen.length };
}
