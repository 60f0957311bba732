// Requests of callers that nobody knows, about things that don't exist, and with methods that a path doesn't have.

import fc from "fast-check";
import { methods } from "../../../spec/document.ts";
import type { TokenKind } from "../../contracts.ts";
import type { Answer } from "../../exchange.ts";
import { show } from "../../match.ts";
import type { FuzzRule } from "./checks.ts";
import type { Draft } from "./draft.ts";
import { draftFor, fittingSamples, isMapped, type Kind, type Subject } from "./kind.ts";
import type { Sample } from "./plan.ts";
import { isAccepted, nameOf } from "./session.ts";

const seen = ({ status, json, text }: Answer) => `status ${status} ${show(json ?? text)} seen`;

function stranger(name: string, share: number, tokens: readonly TokenKind[], rule: FuzzRule) {
  const kind: Kind<{ sample: Sample; token: TokenKind }> = {
    name,
    share,
    mayRepeat: true,
    samples: (subject) =>
      subject.parts.isSecured
        ? fc.record({ sample: fittingSamples(subject), token: fc.constantFrom(...tokens) })
        : null,
    async attempt({ sample, token }, session, subject) {
      const draft: Draft = { ...(await draftFor(subject, sample, "refuse")), caller: { token } };
      const answer = await session.send(draft);
      const what = token === "none" ? "without a token" : `with a token that is ${token}`;
      session.claim(rule, isAccepted(answer) ? `${nameOf(draft)} ${what}: a refusal expected, ${seen(answer)}` : null);
    },
  };
  return kind;
}

export const tokenless = stranger("tokenless", 1 / 100, ["none"], "SB-FUZZ-TOKEN-MISSING-REFUSED");
export const unauthorized = stranger(
  "unauthorized",
  1 / 20,
  ["malformed", "wrong-secret", "unsigned", "expired", "wrong-audience"],
  "SB-FUZZ-TOKEN-INVALID-REFUSED",
);

/** What the sources promise a 404 for. */
const resources = ["machineSlug", "instanceSlug"];

export const unknown: Kind<{ sample: Sample; name: string }> = {
  name: "unknown",
  share: 1 / 50,
  mayRepeat: false,
  samples(subject) {
    const names = subject.parts.parameters.map(({ name }) => name).filter((name) => resources.includes(name));
    if (names.length === 0) return null;
    return fc.record({ sample: fittingSamples(subject), name: fc.constantFrom(...names) });
  },
  async attempt({ sample, name }, session, subject) {
    const whole = await draftFor(subject, sample, "refuse");
    const draft = { ...whole, params: { ...whole.params, [name]: subject.fixture.newName("nobody") } };
    const answer = await session.send(draft);
    const refuted = `${nameOf(draft)} with a ${name} that does not exist: a refusal expected, ${seen(answer)}`;
    session.claim("SB-FUZZ-UNKNOWN-REFUSED", isAccepted(answer) ? refuted : null);
  },
};

/** None that might delete what a whole path stands for. */
const harmless = ["patch", "put", "post"];

export const unsupported: Kind<{ sample: Sample; method: string }> = {
  name: "unsupported",
  share: 1 / 50,
  mayRepeat: true,
  samples(subject) {
    const { path } = subject.parts;
    const has = subject.fixture.methodsOf(path);
    // Without a resource of the run's own in the path, nothing but the least usual method is tried.
    const tried = path.includes("{machineSlug}") ? harmless : ["patch"];
    const missing = tried.filter((method) => !has.includes(method));
    if (missing.length === 0 || isMapped(subject)) return null;
    return fc.record({ sample: fittingSamples(subject), method: fc.constantFrom(...missing) });
  },
  async attempt({ sample, method }, session, subject) {
    const { body, text, form, ...rest } = await draftFor(subject, sample, "refuse");
    const draft: Draft = { ...rest, method: method.toUpperCase(), text: "{}", contentType: "application/json" };
    const answer = await session.send(draft);
    const is405 = answer.status === 405 || answer.status === 0;
    session.claim("SB-FUZZ-METHOD-405", is405 ? null : `${nameOf(draft)}: status 405 expected, ${seen(answer)}`);
    if (answer.status !== 405) return;
    session.claim("SB-FUZZ-METHOD-ALLOW-LISTS", misallowed(answer, draft, subject));
  },
};

/** What is wrong with the methods that Allow lists: one that the target has is missing, or one that the document doesn't have is there. */
function misallowed({ headers }: Answer, draft: Draft, { fixture, parts: { path } }: Subject): string | null {
  const listed = compared((headers.allow ?? "").split(","));
  const all = compared(fixture.methodsOf(path));
  const had = compared(fixture.methodsHad(path));
  const isRight = had.every((method) => listed.includes(method)) && listed.every((method) => all.includes(method));
  const expected = `${nameOf(draft)}: Allow expected to list ${had.join(", ")}`;
  return isRight ? null : `${expected}, ${listed.join(", ") || "nothing"} seen`;
}

/** HEAD and OPTIONS are left to whatever serves HTTP. */
function compared(names: readonly string[]): string[] {
  const known = names.map((name) => name.trim().toLowerCase()).filter((name) => methods.some((one) => one === name));
  return known.filter((name) => name !== "head" && name !== "options");
}

/** HEAD and OPTIONS of a path that doesn't declare them: whatever comes, it is no server error. */
export const glancing: Kind<{ sample: Sample; method: string }> = {
  name: "glancing",
  share: 1 / 100,
  mayRepeat: false,
  samples: (subject) =>
    isMapped(subject)
      ? null
      : fc.record({ sample: fittingSamples(subject), method: fc.constantFrom("HEAD", "OPTIONS") }),
  async attempt({ sample, method }, session, subject) {
    const { body, text, form, ...draft } = await draftFor(subject, sample, "refuse");
    const answer = await session.send({ ...draft, method });
    if (method !== "OPTIONS" || !isAccepted(answer) || answer.headers.allow === undefined) return;
    session.claim("SB-FUZZ-METHOD-ALLOW-LISTS", misallowed(answer, { ...draft, method }, subject));
  },
};
