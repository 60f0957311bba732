// A kind of generated request: what is generated for it, and what is expected of its answer.

import type fc from "fast-check";
import type { RequestParts } from "../../generate/requests.ts";
import type { Draft } from "./draft.ts";
import type { Fixture } from "./fixture.ts";
import type { Plan, Purpose, Sample } from "./plan.ts";
import { draftOf, samplesOf } from "./sample.ts";
import type { Session } from "./session.ts";

/** The operation that requests are generated for. */
export interface Subject {
  parts: RequestParts;
  plan: Plan;
  fixture: Fixture;
}

export interface Kind<T> {
  name: string;
  /** Of the run's `runs`, the share that each operation gets; at least one. */
  share: number;
  /** Not for operations whose successes stay. */
  mayRepeat: boolean;
  /** Null where the operation has nothing of the kind. */
  samples(subject: Subject): fc.Arbitrary<T> | null;
  attempt(sample: T, session: Session, subject: Subject): Promise<void>;
}

/** Samples that fit the document. */
export function fittingSamples({ parts, fixture }: Subject): fc.Arbitrary<Sample> {
  return samplesOf(parts, fixture.run.profile.capabilities.includes("orgs"));
}

export function draftFor({ parts, plan, fixture }: Subject, sample: Sample, purpose: Purpose): Promise<Draft> {
  return draftOf(plan, parts, sample, fixture, purpose);
}

export function hasJsonBody({ parts }: Subject): boolean {
  return parts.bodies.some(({ contentType }) => contentType === "application/json");
}

/** A mapper answers as its machine's author wants, whatever it is sent. */
export function isMapped({ parts }: Subject): boolean {
  return parts.operationId.startsWith("sendHttpApi");
}
