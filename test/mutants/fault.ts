// What a broken server is made of: a fault between its clients and Settle, or between Settle's operations and their ports.

import type { JsonObject } from "../../src/domain/json.ts";
import type { ServerOptions, SettleServer } from "../../src/index.ts";
import type { Services } from "../../src/operations/services.ts";
import type { Frame } from "../http/socket.ts";

/** A request on its way in. */
export interface WireRequest {
  method: string;
  /** Path and query, as they came. */
  target: string;
  /** Alternately names and values, as they came. */
  headers: string[];
  body: Buffer;
  /** The operation it is for; undefined for whatever is none. */
  operationId: string | undefined;
  /** What the operation's path has in place of its parameters. */
  params: { [name: string]: string };
}

/** A response on its way out; `headers` as above. */
export interface WireReply {
  status: number;
  reason: string;
  headers: string[];
  body: Buffer;
}

/** Hands a request, changed or not, to Settle. */
export type Forward = (request: WireRequest) => Promise<WireReply>;

/** One realtime socket between a client and Settle. */
export interface Line {
  toClient(text: string): void;
  toServer(text: string): void;
  /** Closes both ends. */
  close(code: number): void;
}

/** Everything that a fault may know of the server it is in. */
export interface World {
  /** Settle itself, of the life that is being lived. */
  readonly server: SettleServer;
  /** The ports that Settle began its life with, the fault's own among them. */
  readonly services: Services;
  /** Asks Settle, past the fault, with a token that may do anything. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: JsonObject }>;
  /** The sockets that are open now. */
  readonly lines: ReadonlySet<Line>;
  /** Aborted when the server is closed: whoever holds something back forever lets go of it then. */
  readonly closing: AbortSignal;
}

/** Messages of a client's socket; each is passed on only by what its function does with it. */
export interface SocketFault {
  /** `frame` is undefined for what is no JSON. */
  fromClient?(line: Line, text: string, frame: JsonObject | undefined): void;
  fromServer?(line: Line, text: string, frame: Frame): void;
}

/** Each part stands for soundness where it is absent. A fault is made anew for each server, and may remember. */
export interface Fault {
  /** Around every request. */
  http?(request: WireRequest, forward: Forward, world: World): Promise<WireReply>;
  /** On the bearer token of a request or a socket, null where there is none. Returns another one, or the same. */
  token?(token: string | null, world: World, isSocket: boolean): Promise<string | null>;
  socket?(world: World): SocketFault;
  /** The ports that Settle begins a life with. `life` counts from 1; the world has no server yet. */
  services?(services: Services, world: World, life: number): Services | Promise<Services>;
  options?: Partial<ServerOptions>;
}

export interface Mutant {
  id: string;
  /** As the catalogue says it. */
  title: string;
  /** What the fault is in. */
  operation: string;
  /** It shows only across a restart. */
  needs?: "restart";
  fault(): Fault;
}

/** An odd server that breaks nothing. */
export type BenignVariant = Omit<Mutant, "operation" | "needs"> & {
  /** What a judge has to be told of it. */
  settleTimeoutMs?: number;
};
