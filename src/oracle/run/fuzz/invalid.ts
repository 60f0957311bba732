// Requests that are broken in one place, which a validator has found broken too: all of them are to be refused, and to change nothing.

import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import type { Answer } from "../../exchange.ts";
import type { Breakage } from "../../generate/breakages.ts";
import { editedBy, pointerOf } from "../../generate/edit.ts";
import type { Part } from "../../generate/requests.ts";
import { show } from "../../match.ts";
import type { Draft } from "./draft.ts";
import { draftFor, fittingSamples, hasJsonBody, isMapped, type Kind, type Subject } from "./kind.ts";
import type { Body, Sample } from "./plan.ts";
import { isAccepted, nameOf, type Session } from "./session.ts";

interface Broken {
  sample: Sample;
  /** `body`, or the name of a parameter. */
  place: string;
  breakage: Breakage;
}

export const invalid: Kind<Broken> = {
  name: "invalid",
  share: 3 / 10,
  mayRepeat: true,
  samples(subject) {
    const ways = placesOf(subject).flatMap(([place, { breakages }]) =>
      breakages === null ? [] : [breakages.map((breakage) => ({ place, breakage }))],
    );
    if (ways.length === 0 || isMapped(subject)) return null;
    const bodied =
      subject.parts.bodies.length > 0 ? fittingSamples(subject).filter(hasOwnBody) : fittingSamples(subject);
    return fc.tuple(bodied, fc.oneof(...ways)).map(([sample, way]) => ({ sample, ...way }));
  },
  async attempt({ sample, place, breakage }, session, subject) {
    const draft = await draftFor(subject, sample, "refuse");
    const broken = breakIn(draft, place, breakage, subject);
    if (broken === null) return;
    const answer = await unchanging(session, subject, draft, broken);
    const where = place === "body" ? `body${pointerOf(breakage.at)}` : place;
    const what = `${breakage.constraint} broken at ${where}`;
    const refuted = refutation(broken, answer, what);
    session.claim(ruleOf(subject, place, breakage, draft), isAccepted(answer) ? refuted : null);
    const isOdd = answer.status >= 300 && answer.status !== 400;
    if (!isAccepted(answer)) session.claim("SB-FUZZ-MISFIT-400", isOdd ? refuted : null);
  },
};

function hasOwnBody({ body }: Sample): boolean {
  return body?.contentType === "application/json" || body?.contentType === "application/x-www-form-urlencoded";
}

function placesOf({ parts }: Subject): [string, Part][] {
  const json = parts.bodies.filter(({ contentType }) => contentType !== "text/plain");
  const ownNames = parts.parameters.filter(({ name, in: where }) => where !== "header" && !untouched.includes(name));
  return [
    ...ownNames.map((parameter): [string, Part] => [parameter.name, parameter]),
    ...json.map((body): [string, Part] => ["body", body]),
  ];
}

/** A cursor fits whatever it is; `gzip` without a value is a value. */
const untouched = ["cursor", "gzip"];

/** Null when it can't be written so that it stays broken: then nobody is to blame for accepting it. */
function breakIn(draft: Draft, place: string, { edits }: Breakage, subject: Subject): Draft | null {
  const part = placesOf(subject).find(([name]) => name === place)?.[1];
  if (part === undefined) return null;
  if (place !== "body") return breakParameter(draft, place, editedBy(draft.params[place], edits), part);
  if (draft.form !== undefined) return breakForm(draft, edits, part);
  const body = editedBy(draft.body, edits);
  return part.fits(body) ? null : { ...draft, body };
}

function breakParameter(draft: Draft, name: string, value: unknown, part: Part): Draft | null {
  const parameter = draft.parts.parameters.find((one) => one.name === name);
  if (typeof value === "object" || value === undefined || parameter === undefined) return null;
  const text = String(value);
  // What is written is a text in any case; and a segment of nothing or of dots is another path.
  const isAnotherPath = parameter.in === "path" && ["", ".", ".."].includes(text);
  if (isAnotherPath || fitsAsText(text, part)) return null;
  return { ...draft, params: { ...draft.params, [name]: text } };
}

function fitsAsText(text: string, { fits }: Part): boolean {
  return fits(text) || (text.trim() !== "" && fits(Number(text)));
}

/** A form holds texts and nothing else. */
function breakForm(draft: Draft, edits: Breakage["edits"], part: Part): Draft | null {
  const broken = editedBy(draft.form, edits);
  if (typeof broken !== "object" || broken === null || Array.isArray(broken)) return null;
  const isMade = (value: unknown) => typeof value === "object" && value !== null && "$jwt" in value;
  const isWritable = Object.values(broken).every((value) => typeof value === "string" || isMade(value));
  const plain = Object.fromEntries(Object.entries(broken).map(([name, value]) => [name, isMade(value) ? "x" : value]));
  return isWritable && !part.fits(plain) ? { ...draft, form: broken as NonNullable<Draft["form"]> } : null;
}

/** Operations whose schemas are ours, or that read nothing of their bodies. @see errata E-17, E-20, E-49 */
const ownSchemas = ["sendInvitation", "exchangeToken"];
/** Constraints that the published document does not have. @see errata E-34, E-41, E-42 */
const ownConstraints = ["minLength", "format", "minimum", "maximum", "integer"];
/** Names that 1 to 128 characters of an alphabet are promised for. */
const names = ["machineSlug", "instanceSlug", "index"];

/** The rule whose level is that of what the broken constraint rests on. */
function ruleOf(subject: Subject, place: string, { constraint, at }: Breakage, { body }: Draft) {
  const { parts } = subject;
  if (names.includes(place)) return "SB-FUZZ-NAME-MISFIT-REFUSED";
  // Many read a null as if the property were not there, and nobody is hurt where it needn't be.
  const part = placesOf(subject).find(([name]) => name === place)?.[1];
  if (constraint === "null" && part?.fits(editedBy(body, [{ at }]))) return "SB-FUZZ-MISFIT-REFUSED";
  const isPublished =
    place === "body" &&
    parts.isBodyRequired &&
    !ownSchemas.includes(parts.operationId) &&
    !ownConstraints.includes(constraint) &&
    !(constraint === "pattern" && at.includes("service"));
  return isPublished ? "SB-FUZZ-BODY-MISFIT-REFUSED" : "SB-FUZZ-MISFIT-REFUSED";
}

function refutation(draft: Draft, answer: Answer, what: string): string {
  const seen = `status ${answer.status} ${show(answer.json ?? answer.text)} seen`;
  return `${nameOf(draft)} with ${what}: a refusal expected, ${seen}`;
}

/** Sends what has to be refused, and looks whether the refusal left everything as it was. */
async function unchanging(session: Session, { plan, fixture }: Subject, whole: Draft, broken: Draft): Promise<Answer> {
  const { watch } = plan;
  const read = watch && fixture.draft(watch.operationId, { params: watchedParams(whole), trail: whole.trail });
  const before = watch?.expects === "same" && read ? await session.send(read) : undefined;
  const answer = await session.send(broken);
  if (read === undefined || isAccepted(answer)) return answer;
  if (watch?.expects === "nothing") {
    const { status } = await session.send(read);
    const isThere = status >= 200 && status < 300;
    const refuted = `${nameOf(broken)} was refused (${answer.status}): nothing created expected, ${nameOf(read)} gives ${status}`;
    session.claim("SB-FUZZ-REFUSAL-CREATES-NOTHING", isThere ? refuted : null);
  } else if (before && isAccepted(before)) {
    const after = await session.send(read);
    const isSame = !isAccepted(after) || isDeepStrictEqual(after.json, before.json);
    const refuted = `${nameOf(broken)} was refused (${answer.status}): the state as before expected (${show(before.json)}), ${show(after.json)} seen`;
    session.claim("SB-FUZZ-REFUSAL-CHANGES-NOTHING", isSame ? null : refuted);
  }
  return answer;
}

/** Of the instance itself, or of what the body would have created. */
function watchedParams({ parts, params, body }: Draft): { [name: string]: unknown } {
  const slug = (body as Body | undefined)?.slug;
  const { machineSlug, instanceSlug } = params;
  if (parts.operationId === "createMachine") return { machineSlug: slug };
  return { machineSlug, instanceSlug: instanceSlug ?? slug };
}

const endings = ["", "}", "]", ",", '"', " x", "\u0000"];

/** JSON that breaks off, or goes on behind its end. */
export const malformed: Kind<{ sample: Sample; at: number; ending: string }> = {
  name: "malformed",
  share: 1 / 20,
  mayRepeat: true,
  samples: (subject) =>
    hasJsonBody(subject) && subject.parts.isBodyRequired
      ? fc.record({
          sample: fittingSamples(subject).filter(hasOwnBody),
          at: fc.double({ min: 0, max: 1, noNaN: true }),
          ending: fc.constantFrom(...endings),
        })
      : null,
  async attempt({ sample, at, ending }, session, subject) {
    const { body, ...draft } = await draftFor(subject, sample, "refuse");
    const whole = JSON.stringify(body);
    const text = `${whole.slice(0, Math.max(1, Math.round(at * whole.length)))}${ending}`;
    if (isJson(text)) return;
    const broken = { ...draft, text };
    const answer = await unchanging(session, subject, { ...draft, body }, broken);
    const refuted = refutation(broken, answer, "malformed JSON");
    session.claim("SB-FUZZ-JSON-MALFORMED-REFUSED", isAccepted(answer) ? refuted : null);
  },
};

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const unreadTypes = ["application/xml", "text/html", "application/octet-stream", "image/png"];

/** A body that fits, under the label of something else. */
export const mislabelled: Kind<{ sample: Sample; contentType: string }> = {
  name: "mislabelled",
  share: 1 / 50,
  mayRepeat: false,
  samples: (subject) =>
    subject.parts.isBodyRequired && !isMapped(subject)
      ? fc.record({ sample: fittingSamples(subject), contentType: fc.constantFrom(...unreadTypes) })
      : null,
  async attempt({ sample, contentType }, session, subject) {
    const draft = { ...(await draftFor(subject, sample, "refuse")), contentType };
    const answer = await session.send(draft);
    const is415 = answer.status === 415 || answer.status === 0;
    session.claim("SB-FUZZ-TYPE-UNREAD-415", is415 ? null : refutation(draft, answer, `a body of ${contentType}`));
  },
};
