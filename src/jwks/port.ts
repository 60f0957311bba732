// The port to key sets (JWKS) that identity providers publish.

import type { JWTVerifyGetKey } from "jose";

export interface KeySets {
  /**
   * Runs `attempt` with the keys at a URL, and once more with those that are there now when it finds none that fits or the signature is by
   * none of them. Whatever else `attempt` throws is passed on. @throws KeySetUnavailable
   */
  use<T>(url: string, attempt: (keys: JWTVerifyGetKey) => Promise<T>): Promise<T>;
}

/** The key set can't be read, which is neither the token's fault nor ours. */
export class KeySetUnavailable extends Error {
  constructor(url: string, reason: string, options?: ErrorOptions) {
    super(`the key set at ${url} can't be used: ${reason}`, options);
    this.name = "KeySetUnavailable";
  }
}
