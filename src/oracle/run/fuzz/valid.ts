// Requests that fit the document, and requests that differ from them in what has to be overlooked: all of them are to be accepted.

import fc from "fast-check";
import type { Answer } from "../../exchange.ts";
import { plainName } from "../../generate/texts.ts";
import { anyJson } from "../../generate/values.ts";
import { show } from "../../match.ts";
import type { Draft } from "./draft.ts";
import { readChangesNothing } from "./follow.ts";
import { draftFor, fittingSamples, hasJsonBody, isMapped, type Kind } from "./kind.ts";
import type { Sample } from "./plan.ts";
import { isAccepted, nameOf } from "./session.ts";

/**
 * Statuses that find fault with the request itself. Others may have causes that a generated request can't know of: a scope that the
 * key lacks, a name that somebody else took, a limit. @see https://schemathesis.readthedocs.io/en/stable/reference/checks/
 */
const faultfinding = [400, 405, 406, 411, 413, 414, 415, 422, 431];

function refutation(draft: Draft, answer: Answer, what: string): string | null {
  if (!faultfinding.includes(answer.status)) return null;
  const seen = `status ${answer.status} ${show(answer.json ?? answer.text)} seen`;
  return `${nameOf(draft)}: ${what} accepted expected, ${seen}`;
}

export const valid: Kind<Sample> = {
  name: "valid",
  share: 1 / 6,
  mayRepeat: true,
  samples: fittingSamples,
  async attempt(sample, session, subject) {
    const { plan, fixture } = subject;
    const draft = await draftFor(subject, sample, "accept");
    const answer = await session.send(draft);
    session.claim("SB-FUZZ-VALID-ACCEPTED", refutation(draft, answer, "a request that fits the document"));
    session.outcome(answer);
    if (!isAccepted(answer)) return;
    await plan.follow?.(session, draft, fixture, answer);
    if (draft.parts.operationId === "getMachineInstance") await readChangesNothing(session, draft, answer.json);
  },
};

/** With a property or a query parameter that nobody knows. */
export const extra: Kind<{ sample: Sample; name: string; value: unknown }> = {
  name: "extra",
  share: 1 / 50,
  mayRepeat: false,
  samples: (subject) =>
    isMapped(subject) ? null : fc.record({ sample: fittingSamples(subject), name: plainName, value: anyJson }),
  async attempt({ sample, name, value }, session, subject) {
    const draft = await draftFor(subject, sample, "accept");
    const { body } = draft;
    const isObject = typeof body === "object" && body !== null;
    const more = isObject ? { body: { ...body, [name]: value } } : { rawQuery: `${name}=1` };
    const answer = await session.send({ ...draft, ...more });
    const what = isObject ? `the unknown property ${name}` : `the unknown query parameter ${name}`;
    session.claim("SB-FUZZ-EXTRA-IGNORED", refutation(draft, answer, `${what} ignored and the request`));
  },
};

const variants = ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON", ""];

/** JSON under the other labels that it may have. */
export const labelled: Kind<{ sample: Sample; contentType: string }> = {
  name: "labelled",
  share: 1 / 50,
  mayRepeat: false,
  samples: (subject) =>
    hasJsonBody(subject)
      ? fc.record({ sample: fittingSamples(subject), contentType: fc.constantFrom(...variants) })
      : null,
  async attempt({ sample, contentType }, session, subject) {
    const draft = { ...(await draftFor(subject, sample, "accept")), contentType };
    const answer = await session.send(draft);
    const label = contentType === "" ? "without a content type" : `labelled ${contentType}`;
    session.claim("SB-FUZZ-TYPE-VARIANTS-ACCEPTED", refutation(draft, answer, `JSON ${label}`));
  },
};
