// Requests of an operation that fit the document: samples of them, and the drafts that they become with the fixture's names.

import fc from "fast-check";
import type { ParameterPart, RequestParts } from "../../generate/requests.ts";
import type { Draft } from "./draft.ts";
import type { Fixture } from "./fixture.ts";
import type { Body, Plan, Purpose, Sample } from "./plan.ts";

/** Given out by the service itself, so nothing generated is right. */
const given = ["cursor"];

export function samplesOf(parts: RequestParts, mayNameOrg: boolean): fc.Arbitrary<Sample> {
  const query = parts.parameters.filter(({ in: where, name }) => where === "query" && !given.includes(name));
  const header = parts.parameters.some(({ name, in: where }) => where === "header" && name === orgHeader);
  const always = fc.record({
    query: record(query).map((values) => inOrder(values)),
    ownOrg: header && mayNameOrg ? fc.boolean() : fc.constant(false),
    tail: fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/),
  });
  if (parts.bodies.length === 0) return always;
  const bodies = fc.oneof(
    ...parts.bodies.map(({ contentType, values }) => values.map((value) => ({ contentType, value }))),
  );
  const maybe = parts.isBodyRequired ? bodies : fc.option(bodies, { nil: undefined });
  return fc.tuple(always, maybe).map(([rest, body]) => (body === undefined ? rest : { ...rest, body }));
}

const orgHeader = "x-statebacked-org-id";

function record(parameters: readonly ParameterPart[]): fc.Arbitrary<{ [name: string]: unknown }> {
  const values = Object.fromEntries(parameters.map(({ name, values }) => [name, values]));
  const requiredKeys = parameters.filter(({ isRequired }) => isRequired).map(({ name }) => name);
  return fc.record(values, { requiredKeys, noNullPrototype: true });
}

/** An end before the beginning means nothing. */
function inOrder({ to, ...rest }: { [name: string]: unknown }): { [name: string]: unknown } {
  const isBefore = Date.parse(String(to)) < Date.parse(String(rest.from));
  return to === undefined || isBefore ? rest : { ...rest, to };
}

export async function draftOf(
  plan: Plan,
  parts: RequestParts,
  sample: Sample,
  fixture: Fixture,
  purpose: Purpose,
): Promise<Draft> {
  const value = sample.body?.value;
  const body: Body = typeof value === "object" && value !== null ? { ...value } : {};
  const detail = await plan.detail(body, fixture, purpose, sample);
  const own = sample.ownOrg ? { [orgHeader]: fixture.run.target.orgId } : {};
  const { body: detailed, ...rest } = detail;
  const isSent = sample.body !== undefined && rest.text === undefined && rest.form === undefined;
  const type = sample.body?.contentType;
  return fixture.draft(parts.operationId, {
    ...rest,
    ...(isSent ? { body: detailed ?? value } : {}),
    ...(type === undefined || type === "*/*" ? {} : { contentType: type }),
    params: { ...sample.query, ...own, ...detail.params },
  });
}
