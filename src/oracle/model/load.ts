// Loads a machine of contracts/machines into this process: the judge's own copy of the code that the target runs.

import type { XStateVersion } from "../contracts.ts";

/** Who calls: the auth context of a request. */
export type Act = { readonly [claim: string]: unknown };

export interface MachineModule {
  /** An XState machine, 4 or 5. */
  default: unknown;
  allowRead: (request: object) => unknown;
  allowWrite: (request: object) => unknown;
}

const packages: { [V in XStateVersion]: [imported: string, installed: string] } = {
  4: ['"npm:xstate"', import.meta.resolve("xstate4")],
  5: ['"npm:xstate@5"', import.meta.resolve("xstate")],
};

/** @throws what the code throws while it loads */
export async function loadMachine(code: string, version: XStateVersion): Promise<MachineModule> {
  const [imported, installed] = packages[version];
  const source = code.replaceAll(imported, JSON.stringify(installed));
  return await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`);
}
