// Key sets over HTTP: kept for a moment, read anew when a key is missing, and never more often than an identity provider would like.

import type { FetchImplementation, JWTVerifyGetKey } from "jose";
import { createRemoteJWKSet, customFetch, errors } from "jose";
import type { Clock } from "../domain/clock.ts";
import { isJsonObject } from "../domain/json.ts";
import type { KeySets } from "./port.ts";
import { KeySetUnavailable } from "./port.ts";

export interface RemoteKeySetOptions {
  clock: Clock;
  /** Told once for each time that a key set was asked for and could not be read. */
  onTrouble: (message: string) => void;
  /** How long a key that was taken out of its set may still be accepted. @default 5000 */
  cacheMs?: number;
  /** Longest wait for an answer. @default 5000 */
  timeoutMs?: number;
  /** How long a failure is remembered, so that a dead address isn't asked at every request. @default 1000 */
  retryMs?: number;
}

/** Key sets remembered; there is one for each identity provider that uses one. */
const maxSets = 100;

export function createRemoteKeySets(options: RemoteKeySetOptions): KeySets {
  const sets = new Map<string, RemoteKeySet>();
  return {
    use(url, attempt) {
      const known = sets.get(url);
      const set = known ?? new RemoteKeySet(url, options);
      if (!known && sets.size >= maxSets) sets.delete(sets.keys().next().value ?? "");
      sets.set(url, set);
      return set.use(attempt);
    },
  };
}

/** Reads beyond those that the cache's age asks for: so many within so long. Tokens of unknown keys cost nothing to make up. */
const maxRefreshes = 10;
const refreshWindowMs = 60_000;

class RemoteKeySet {
  readonly #url: string;
  readonly #clock: Clock;
  readonly #onTrouble: (message: string) => void;
  readonly #timeoutMs: number;
  readonly #retryMs: number;
  readonly #keys: ReturnType<typeof createRemoteJWKSet>;
  #failure: { error: KeySetUnavailable; untilMs: number } | null = null;
  #fetches = 0;
  #refreshedAtMs: number[] = [];

  constructor(url: string, options: RemoteKeySetOptions) {
    const { clock, onTrouble, cacheMs = 5_000, timeoutMs = 5_000, retryMs = 1_000 } = options;
    this.#url = url;
    this.#clock = clock;
    this.#onTrouble = onTrouble;
    this.#timeoutMs = timeoutMs;
    this.#retryMs = retryMs;
    this.#keys = createRemoteJWKSet(new URL(url), {
      cacheMaxAge: cacheMs,
      cooldownDuration: Number.POSITIVE_INFINITY, // when to read anew is decided here
      timeoutDuration: timeoutMs,
      [customFetch]: (target, init) => this.#fetch(target, init),
    });
  }

  async use<T>(attempt: (keys: JWTVerifyGetKey) => Promise<T>): Promise<T> {
    const fetchesBefore = this.#fetches;
    try {
      return await this.#tryEach(attempt);
    } catch (error) {
      const isFresh = this.#fetches !== fetchesBefore;
      if (!mayBeStale(error) || isFresh || !this.#mayRefresh()) throw error;
      await this.#keys.reload();
      return this.#tryEach(attempt);
    }
  }

  /** A token that doesn't say which of several keys signed it is tried with each. */
  async #tryEach<T>(attempt: (keys: JWTVerifyGetKey) => Promise<T>): Promise<T> {
    try {
      return await attempt(this.#keys);
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
      for await (const key of error) {
        const outcome = await attempt(async () => key).catch(unlessForged);
        if (outcome !== forged) return outcome;
      }
      throw new errors.JWSSignatureVerificationFailed();
    }
  }

  #mayRefresh(): boolean {
    const now = this.#clock.now();
    this.#refreshedAtMs = this.#refreshedAtMs.filter((at) => at > now - refreshWindowMs);
    if (this.#refreshedAtMs.length >= maxRefreshes) return false;
    this.#refreshedAtMs.push(now);
    return true;
  }

  async #fetch(...[target, init]: Parameters<FetchImplementation>): Promise<Response> {
    if (this.#failure && this.#clock.now() < this.#failure.untilMs) throw this.#failure.error;
    this.#fetches++;
    try {
      const text = await readKeySet(await fetch(target, init));
      this.#failure = null;
      return new Response(text);
    } catch (cause) {
      const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
      const reason = isLate ? `it gave no answer within ${this.#timeoutMs} ms` : reasonOf(cause);
      const error = new KeySetUnavailable(this.#url, reason, { cause });
      this.#failure = { error, untilMs: this.#clock.now() + this.#retryMs };
      this.#onTrouble(error.message);
      throw error;
    }
  }
}

/** The set may have changed since it was read. */
function mayBeStale(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

const forged = Symbol("signed by another key");

function unlessForged(error: unknown): typeof forged {
  if (error instanceof errors.JWSSignatureVerificationFailed) return forged;
  throw error;
}

/** Far more than any key set has. */
const maxBytes = 1_000_000;

async function readKeySet(response: Response): Promise<string> {
  if (response.status !== 200) throw new Error(`it answers ${response.status}, not 200`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Error(`it is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString("utf8");
  if (!isKeySet(text)) throw new Error("it is not a JSON Web Key Set");
  return text;
}

function isKeySet(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) && Array.isArray(value.keys) && value.keys.every(isJsonObject);
  } catch {
    return false;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
