// What a plan says: how one operation is asked so that a generated request really succeeds.

import type { Capability } from "../../contracts.ts";
import type { Answer } from "../../exchange.ts";
import type { Draft } from "./draft.ts";
import type { Fixture } from "./fixture.ts";
import type { Session } from "./session.ts";

/** What was generated for one request: values that fit the document, before the fixture's names are put into them. */
export interface Sample {
  query: { [name: string]: unknown };
  /** Whether the caller's own organization is named. */
  ownOrg: boolean;
  /** The body's content type and value; absent for an operation without a body, or where none is required. */
  body?: { contentType: string; value: unknown };
  /** Goes behind a name that must be new. */
  tail: string;
}

/** Whether the request is to succeed, or only to be refused: then all of them may be about the same thing. */
export type Purpose = "accept" | "refuse";

/** What differs from one operation to the next. */
export type Detail = Partial<Pick<Draft, "params" | "body" | "text" | "form" | "caller" | "trail">>;

export interface Plan {
  /** Beside what the profile says of the operation itself. */
  needs?: readonly Capability[];
  /** How often it is asked validly: freely; rarely, for it takes time; or once, since what it makes stays. */
  often: "freely" | "rarely" | "once";
  /** What the request is about. `body` is a copy of the generated one, to be changed. */
  detail(body: Body, fixture: Fixture, purpose: Purpose, sample: Sample): Promise<Detail>;
  /** What follows from its success. */
  follow?(session: Session, draft: Draft, fixture: Fixture, answer: Answer): Promise<void>;
  /** The read that shows whether a refused request changed or made something. */
  watch?: { operationId: string; expects: "same" | "nothing" };
}

export type Body = { [name: string]: unknown };

/** Operations that no generated request can reach, and why. */
export const unreachable: { [operationId: string]: string } = {
  openRealtime: "its success is a socket, which scenarios open",
  acceptInvitation: "the code of an invitation is mailed, and never part of an answer",
};
