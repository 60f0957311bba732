// What answers so far said of one instance, and since when it is known.

/** A moment in the order of everything that began and ended; a fact holds for what began after it. */
type Moment = number;

export interface Told {
  ts: number;
  /** Highest `ts` so far came with a write's answer rather than a read's. */
  isWritten: boolean;
  at: Moment;
}

/** The state that an answer showed, as text, to see whether an event changed anything. */
export interface Shown {
  text: string;
  at: Moment;
}

const mostTold = 64;
const mostEvents = 5_000;
const mostLines = 20;
const mostTrail = 65_536;

export class InstanceFacts {
  /** Rises with each deletion that was asked for. */
  epoch = 0;
  alive: Moment | undefined;
  paused: Moment | undefined;
  gone: Moment | undefined;
  shown: Shown | undefined;
  /** Events that changed the state, by type, as they were acknowledged. */
  events: { type: string; at: Moment }[] = [];
  told: Told[] = [];
  /** The lines that brought the instance where it is. */
  trail: string[] = [];

  /** Forgets what a deletion, that has begun, may make untrue. */
  forget(): void {
    this.epoch++;
    this.alive = undefined;
    this.paused = undefined;
    this.gone = undefined;
    this.shown = undefined;
    this.events = [];
    this.told = [];
  }

  /** The highest `ts` that was known before a moment. */
  floor(start: Moment): Told | undefined {
    return this.told.findLast(({ at }) => at < start);
  }

  tell(ts: number, isWritten: boolean, at: Moment): void {
    const last = this.told.at(-1);
    if (last !== undefined && last.ts >= ts) return;
    this.told.push({ ts, isWritten, at });
    if (this.told.length > mostTold) this.told.shift();
  }

  acknowledge(type: string, at: Moment): void {
    if (this.events.length < mostEvents) this.events.push({ type, at });
  }

  line(text: string): void {
    this.trail.push(text);
    while (this.trail.length > mostLines || this.trail.join().length > mostTrail) this.trail.shift();
  }
}

/** Deletions of instances, and of machines with all of theirs, as they were asked for and ended. */
export class Removals {
  #known: { machine: string; instance: string | undefined; n: number; end: Moment }[] = [];
  /** The end of the last one that is no longer listed. */
  #unlisted: Moment = 0;
  static readonly #most = 200;

  begin(n: number, machine: string, instance: string | undefined): void {
    this.#known.push({ machine, instance, n, end: Number.POSITIVE_INFINITY });
    if (this.#known.length > Removals.#most) this.#unlisted = Math.max(this.#unlisted, this.#known.shift()?.end ?? 0);
  }

  end(n: number, at: Moment): void {
    for (const removal of this.#known) if (removal.n === n) removal.end = at;
  }

  /** Whether an exchange that began then began after every removal of its instance had ended. */
  areOver(machine: string, instance: string, start: Moment): boolean {
    return (
      start > this.#unlisted &&
      this.#known.every(
        (removal) =>
          removal.machine !== machine ||
          (removal.instance !== undefined && removal.instance !== instance) ||
          removal.end < start,
      )
    );
  }

  /** Whether nothing at all was being removed since then. */
  areNoneSince(start: Moment): boolean {
    return start > this.#unlisted && this.#known.every(({ end }) => end < start);
  }
}

/** Instances by machine, name and scope; the ones longest unheard of are let go. */
export class FactsByInstance {
  readonly #facts = new Map<string, InstanceFacts>();
  static readonly #most = 10_000;

  of(scope: string, machine: string, instance: string): InstanceFacts {
    const key = `${machine}/${instance} ${scope}`;
    const facts = this.#facts.get(key) ?? new InstanceFacts();
    this.#facts.delete(key);
    this.#facts.set(key, facts);
    const [oldest] = this.#facts.keys();
    if (this.#facts.size > FactsByInstance.#most && oldest !== undefined) this.#facts.delete(oldest);
    return facts;
  }

  /** All scopes' facts of an instance; of all instances of the machine without one. */
  matching(machine: string, instance?: string): InstanceFacts[] {
    const start = instance === undefined ? `${machine}/` : `${machine}/${instance} `;
    return [...this.#facts].filter(([key]) => key.startsWith(start)).map(([, facts]) => facts);
  }

  clear(): void {
    this.#facts.clear();
  }
}
