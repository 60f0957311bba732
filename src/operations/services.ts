// What an operation is given: the ports, who calls, and the request; and what it answers with.

import type { Clock, Entropy } from "../domain/clock.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Engine } from "../engine/port.ts";
import type { KeySets } from "../jwks/port.ts";
import type { Store } from "../store/port.ts";
import type { LogKeeper } from "./log-keeper.ts";
import type { Updates } from "./updates.ts";

export interface Settings {
  settleTimeoutMs: number;
  /** Most items on one page of any list. */
  pageSize: number;
  /** Signs version ids and upload tokens. */
  uploadSecret: string;
  /** Newest transitions of each instance that are kept at least; without it all are. */
  historyRetention?: number;
}

export interface Services {
  store: Store;
  engine: Engine;
  clock: Clock;
  /** Real time always: clients compute the lifetimes of tokens from theirs. */
  wallClock: Clock;
  entropy: Entropy;
  settings: Settings;
  /** Every stored state of every instance passes here. */
  updates: Updates;
  /** What machine code prints passes here. */
  logs: LogKeeper;
  /** Of identity providers. */
  keySets: KeySets;
  /** Tells whoever runs the server something they may need to know. No secrets: it ends in a log. */
  notice(message: string): void;
}

/** Who calls, as the token and the headers say, verified. */
export interface Caller {
  orgId: string;
  keyId: string;
  /** Handed to the machine's authorizers. */
  authContext: JsonObject;
}

/** A request that fits the document. `baseUrl` is where absolute URLs in answers begin, without a trailing slash. */
export interface OperationRequest {
  params: { [name: string]: string };
  query: { [name: string]: string | undefined };
  body: unknown;
  baseUrl: string;
  /** What came, for an operation that reads it itself. */
  http: HttpRequest;
}

/** Header names are in lower case; `search` is the query as it was written, with or without its question mark. */
export interface HttpRequest {
  method: string;
  headers: { [name: string]: string };
  search: string;
}

/** `body` is sent as JSON, `bytes` as they are; without either nothing but the status and the headers is sent. */
export interface Reply {
  status: number;
  headers?: { [name: string]: string };
  body?: unknown;
  bytes?: Uint8Array;
}

export type Operation = (services: Services, caller: Caller, request: OperationRequest) => Promise<Reply>;
