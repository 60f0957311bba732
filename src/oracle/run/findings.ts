// What a stage learns about rules: straight into the ledger, or collected first, where an attempt may be made again.

/** Where claims are entered. `repro` holds the curl lines that led there; `replay`, arguments of `settle verify` that show it again. */
export interface Findings {
  pass(rule: string): void;
  fail(rule: string, message: string, repro: string[], replay?: string[]): void;
  /** The oracle itself failed while it exercised the rule. */
  fault(rule: string, message: string): void;
  skip(rule: string, reason: string): void;
  /** Why it may not have been exercised. */
  note(rule: string, reason: string): void;
  count(operationId: string, status: number): void;
}

type Entry = (findings: Findings) => void;

/** One attempt at a scenario or property: what it found is entered only when it is known whether another attempt finds the same. */
export class Attempt implements Findings {
  readonly #entries: Entry[] = [];
  readonly #passed = new Set<string>();
  readonly #failures = new Map<string, { message: string; repro: string[]; replay: string[] | undefined }>();
  readonly #replay: string[] | undefined;

  /** `replay`: arguments that make the attempt again, for failures that don't say their own. */
  constructor(replay?: string[]) {
    this.#replay = replay;
  }

  pass(rule: string): void {
    this.#passed.add(rule);
    this.#entries.push((findings) => findings.pass(rule));
  }
  fail(rule: string, message: string, repro: string[], replay = this.#replay): void {
    if (!this.#failures.has(rule)) this.#failures.set(rule, { message, repro, replay });
  }
  fault(rule: string, message: string): void {
    this.#entries.push((findings) => findings.fault(rule, message));
  }
  skip(rule: string, reason: string): void {
    this.#entries.push((findings) => findings.skip(rule, reason));
  }
  note(rule: string, reason: string): void {
    this.#entries.push((findings) => findings.note(rule, reason));
  }
  count(operationId: string, status: number): void {
    this.#entries.push((findings) => findings.count(operationId, status));
  }

  get hasFailed(): boolean {
    return this.#failures.size > 0;
  }

  /** It was exercised, and nothing was wrong. */
  passed(rule: string): boolean {
    return this.#passed.has(rule) && !this.#failures.has(rule);
  }

  /** Enters all of it. What failed here and passed in the other attempt is `flaky`. */
  enter(
    ledger: Findings & { flake(rule: string, message: string, repro: string[], replay?: string[]): void },
    again?: Attempt,
  ): void {
    for (const entry of this.#entries) entry(ledger);
    for (const [rule, { message, repro, replay }] of this.#failures) {
      if (again?.passed(rule)) ledger.flake(rule, `${message} (tried again, it did not happen)`, repro, replay);
      else ledger.fail(rule, message, repro, replay);
    }
  }
}
