// Runs a rendered machine's source here, in this process, as often as machines of their own are needed.

import { compileFunction } from "node:vm";
import * as xstate5 from "xstate";
import * as xstate4 from "xstate4";
import type { Rendered } from "./render.ts";
import type { Major } from "./spec.ts";

type Gate = (refuse: boolean) => void;
/** What waits: see library.ts. */
export interface GateState {
  soon: readonly Gate[];
  held: readonly Gate[];
}

export class Gates {
  readonly #soon: Gate[];
  readonly #held: Gate[];

  constructor({ soon, held }: { soon: Gate[]; held: Gate[] }) {
    this.#soon = soon;
    this.#held = held;
  }

  /** Lets the first one that may go on do so. @returns whether there was one */
  open(): boolean {
    const gate = this.#soon.shift();
    gate?.(false);
    return gate !== undefined;
  }

  forget(): void {
    this.restore({ soon: [], held: [] });
  }

  state(): GateState {
    return { soon: [...this.#soon], held: [...this.#held] };
  }

  restore({ soon, held }: GateState): void {
    this.#soon.splice(0, this.#soon.length, ...soon);
    this.#held.splice(0, this.#held.length, ...held);
  }
}

export interface Compiled {
  machine: unknown;
  gates: Gates;
}

export function compile({ body }: Rendered, major: Major): Compiled {
  const run = compileFunction(`${body}return { machine, soon, held };`, ["xstate"]);
  const { warn } = globalThis.console;
  // XState 4 recommends an option that not every machine is to have.
  globalThis.console.warn = () => {};
  const { machine, soon, held } = run(major === 4 ? xstate4 : xstate5);
  globalThis.console.warn = warn;
  return { machine, gates: new Gates({ soon, held }) };
}
