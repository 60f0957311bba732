// What follows from an accepted request: what was created is there, what was deleted is not, and a read changes nothing.

import { isDeepStrictEqual } from "node:util";
import { show } from "../../match.ts";
import type { Draft } from "./draft.ts";
import { isAccepted, nameOf, type Session } from "./session.ts";

/** @see https://schemathesis.readthedocs.io/en/stable/reference/checks/ ensure_resource_availability */
export async function createdIsThere(session: Session, read: Draft): Promise<void> {
  const { status } = await session.send(read);
  const refuted = `${nameOf(read)}: what was just created expected, status ${status} seen`;
  session.claim("SB-FUZZ-CREATED-THERE", status === 404 || status === 410 ? refuted : null);
}

/** @see https://schemathesis.readthedocs.io/en/stable/reference/checks/ use_after_free */
export async function deletedIsGone(session: Session, use: Draft): Promise<void> {
  const answer = await session.send(use);
  const refuted = `${nameOf(use)}: a refusal expected, since it was deleted, status ${answer.status} seen`;
  session.claim("SB-FUZZ-DELETED-GONE", isAccepted(answer) ? refuted : null);
}

/** A state that is read twice, nothing being written in between, is twice the same. */
export async function readChangesNothing(session: Session, read: Draft, first: unknown): Promise<void> {
  const second = await session.send(read);
  if (!isAccepted(second)) return;
  const isSame = isDeepStrictEqual(first, second.json);
  const refuted = `${nameOf(read)}: the same again expected, ${show(second.json)} seen after ${show(first)}`;
  session.claim("SB-FUZZ-READ-CHANGES-NOTHING", isSame ? null : refuted);
}
