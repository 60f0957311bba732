// Where a test may put a faulty port in the place of a sound one, to see whether a judge of the API notices.
//
// Whoever starts a server of the package, or talks to one, has no way here: the package doesn't export this file, and what it adds to the
// options has a name that only this file knows.

import type { Services } from "./operations/services.ts";

/** Gets the ports that a server is about to begin with, before any request or timer, and gives those that it begins with. */
export type Tamper = (services: Services) => Promise<Services>;

const key = Symbol("tampering");

/** The same options for a server whose operations work with what `tamper` makes of its ports. */
export function withTampering<T extends object>(options: T, tamper: Tamper): T {
  return { ...options, [key]: tamper };
}

/** The same ports, unless the options ask for others. */
export async function tampered(options: object, services: Services): Promise<Services> {
  return (await tamperOf(options)?.(services)) ?? services;
}

function tamperOf(options: { [key]?: Tamper }): Tamper | undefined {
  return options[key];
}
