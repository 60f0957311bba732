// The distinct faults that a proxy saw: each is listed once, with how often and in which exchanges it came.

import type { Level } from "../contracts.ts";
import { preludeOf } from "../report.ts";

export interface Fault {
  /** Counts from 1. */
  id: number;
  /** The upstream's are rules of the contracts; a client's are requests that openapi.yaml doesn't know. */
  of: "upstream" | "client";
  rule: string;
  /** ADVISORY faults are warnings. A client's have no level. */
  level?: Level;
  /** Where the rule comes from. */
  source: string;
  operationId?: string;
  message: string;
  count: number;
  /** Numbers of the first exchanges that showed it. */
  exchanges: number[];
  /** A bash script that shows it again: it signs with `SETTLE_*` of the environment. */
  repro: string[];
}

const mostFaults = 1_000;
const mostExchanges = 1_000;

export class FaultList {
  readonly #byKey = new Map<string, Fault>();
  readonly #onNew: (fault: Fault) => void;
  /** Occurrences of faults that no longer found a place. */
  untold = 0;

  /** `onNew` hears each distinct fault once. */
  constructor(onNew: (fault: Fault) => void) {
    this.#onNew = onNew;
  }

  /** `key` tells faults apart; `make` is asked at the first of them only. */
  add(key: string, exchange: number, make: () => Omit<Fault, "id" | "count" | "exchanges">): void {
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.count++;
      if (known.exchanges.length < mostExchanges && known.exchanges.at(-1) !== exchange) known.exchanges.push(exchange);
      return;
    }
    if (this.#byKey.size >= mostFaults) {
      this.untold++;
      return;
    }
    const { repro, ...rest } = make();
    const fault = {
      id: this.#byKey.size + 1,
      ...rest,
      count: 1,
      exchanges: [exchange],
      repro: [...preludeOf(repro), ...repro],
    };
    this.#byKey.set(key, fault);
    this.#onNew(fault);
  }

  /** In the order they were first seen; of one exchange only, if told. */
  list(exchange?: number): Fault[] {
    const all = [...this.#byKey.values()];
    return exchange === undefined ? all : all.filter(({ exchanges }) => exchanges.includes(exchange));
  }

  violations(): Fault[] {
    return this.list().filter(isViolation);
  }
}

/** Only the upstream's, and only of rules that a source imposes. */
export function isViolation({ of, level }: Fault): boolean {
  return of === "upstream" && level !== "ADVISORY";
}
