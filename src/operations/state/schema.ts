// What each record of a state document may look like, as JSON schemas, and the check of one.

import type { ErrorObject } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { namePattern } from "../../domain/ids.ts";
import type { JsonObject } from "../../domain/json.ts";
import { logsPerMillisecond } from "../../domain/log-name.ts";
import { lastMoment } from "../../domain/manual-clock.ts";
import { allScopes } from "../../domain/scopes.ts";
import type { DocumentKind } from "./form.ts";

type Schema = { [member: string]: unknown };

const text = { type: "string" };
const someText = { type: "string", minLength: 1 };
/** Names and ids: parts of the paths that records live under, and of addresses. */
const name = { type: "string", pattern: namePattern.source };
/** Epoch milliseconds; answers of the API can show none that are later. */
const time = { type: "integer", minimum: 0, maximum: lastMoment };
/** The same of what nobody is shown as a date: machines may set timers for any time. */
const dueTime = { type: "integer", minimum: 0 };
const count = { type: "integer", minimum: 0 };
const object = { type: "object" };
const texts = { type: "array", items: text };
const sha256 = { type: "string", pattern: "^[0-9a-f]{64}$" };
const stateValue = { type: ["string", "object"] };
const anything = true;

const address = closed({ machine: name, instance: name });
const namedAddress = closed({ machine: name, instance: name, id: text });
const event = { type: "object", required: ["type"], properties: { type: text } };

const state = closed(
  { ts: time, state: stateValue, tags: texts, done: { type: "boolean" } },
  { publicContext: object },
);

const tasks = [
  closed({ kind: { const: "timer" }, id: text, mark: text, event, authContext: anything }, { to: address }),
  closed({ kind: { const: "message" }, from: address, event, authContext: anything }),
  closed(
    { kind: { const: "birth" }, parent: namedAddress, context: object, authContext: anything },
    { versionId: name },
  ),
  closed({
    kind: { const: "report" },
    child: namedAddress,
    outcome: {
      type: "object",
      required: ["done"],
      oneOf: [closed({ done: { const: true } }, { output: anything }), closed({ done: { const: false }, error: text })],
    },
    authContext: anything,
  }),
];

const key = {
  required: { id: name, name: text, scopes: { type: "array", items: { enum: [...allScopes] } }, createdAt: time },
  optional: { orgId: name, secret: someText },
};

const schemas: { [K in DocumentKind]: Schema } = {
  credentials: closed(
    {
      bootstrap: closed(
        { orgId: name, keyId: name, adminToken: someText, uploadSecret: someText },
        { anonymousAccessGiven: { const: true }, manualRuns: count },
      ),
      org: closed({ id: name, name: text, createdAt: time }),
    },
    { key: closed({ ...key.required, orgId: name, secret: someText }) },
  ),
  org: closed({ id: name, name: text, createdAt: time }, { createdByKeyId: name }),
  key: closed(key.required, key.optional),
  machine: closed(
    { slug: name, createdAt: time, indexes: { type: "array", items: name, uniqueItems: true } },
    { orgId: name, currentVersionId: name },
  ),
  code: {
    type: "object",
    required: ["sha256"],
    oneOf: [
      closed({ sha256, text }),
      closed({ sha256, base64: { type: "string", pattern: "^[A-Za-z0-9+/]*={0,2}$" } }),
    ],
  },
  version: closed(
    {
      id: name,
      machine: name,
      createdAt: time,
      clientInfo: text,
      indexSelectors: { type: "object", additionalProperties: text },
      codeSha256: sha256,
      xstate: { enum: [4, 5] },
    },
    { orgId: name },
  ),
  migration: closed(
    {
      id: name,
      machine: name,
      fromVersionId: name,
      toVersionId: name,
      createdAt: time,
      codeSha256: sha256,
    },
    { orgId: name },
  ),
  instance: closed(
    {
      machine: name,
      slug: name,
      createdAt: time,
      status: { enum: ["running", "paused"] },
      versionId: name,
      state,
      context: object,
      snapshot: anything,
      running: { type: "array", items: closed({ id: text, src: text }) },
      transitionCount: count,
    },
    {
      orgId: name,
      desiredVersionId: name,
      indexValues: { type: "object", additionalProperties: texts },
      parent: namedAddress,
      children: { type: "object", additionalProperties: address },
    },
  ),
  transition: closed(
    {
      machine: name,
      instance: name,
      seq: { type: "integer", minimum: 1 },
      createdAt: time,
      event,
      state: stateValue,
    },
    { orgId: name },
  ),
  work: closed(
    {
      name: someText,
      machine: name,
      instance: name,
      dueAt: dueTime,
      tries: count,
      task: {
        type: "object",
        required: ["kind"],
        discriminator: { propertyName: "kind" },
        oneOf: tasks,
      },
    },
    { orgId: name },
  ),
  idp: closed({ algs: texts, mapping: object }, { orgId: name, aud: text, iss: text, key: text, jwksUrl: text }),
  tokenProvider: closed({ service: name, mapping: object }, { orgId: name, keyId: name }),
  invitation: closed(
    { code: someText, email: text, role: { enum: ["admin", "read", "write"] }, createdAt: time },
    { orgId: name, acceptedBy: text },
  ),
  log: closed(
    {
      ts: time,
      nr: { type: "integer", minimum: 0, maximum: logsPerMillisecond - 1 },
      machine: text,
      instance: text,
      versionId: text,
      outputType: { enum: ["stdout", "stderr"] },
      log: text,
    },
    { orgId: name },
  ),
};

function closed(required: Schema, optional: Schema = {}): Schema {
  const properties = { ...required, ...optional };
  return { type: "object", required: Object.keys(required), properties, additionalProperties: false };
}

/** Says what is wrong with an entry of that kind, and what would be right; null when nothing is. */
export type EntryCheck = (kind: DocumentKind, entry: JsonObject) => string | null;

export const documentKinds = Object.keys(schemas) as DocumentKind[];

export function entryCheck(): EntryCheck {
  compiled ??= compile();
  return compiled;
}

/** Compiling takes some 100 ms the first time and 30 ms each later one, in which a server does nothing else: it is done once. */
let compiled: EntryCheck | undefined;

function compile(): EntryCheck {
  const ajv = new Ajv2020({ discriminator: true, allowUnionTypes: true });
  const validators = new Map(documentKinds.map((kind) => [kind, ajv.compile(schemas[kind])]));
  return (kind, entry) => {
    const validate = validators.get(kind);
    return validate === undefined || validate(entry) ? null : explain(validate.errors ?? []);
  };
}

function explain(errors: readonly ErrorObject[]): string {
  const [error] = errors;
  if (error === undefined) return "it is not as it should be";
  const { instancePath, message = "is wrong", keyword, params } = error;
  const where = instancePath === "" ? "it" : instancePath.slice(1);
  if (keyword === "additionalProperties") return `${where} has ${params.additionalProperty}, which nobody knows`;
  if (keyword === "enum") return `${where} must be one of ${params.allowedValues.join(", ")}`;
  if (keyword === "const") return `${where} must be ${JSON.stringify(params.allowedValue)}`;
  return `${where} ${message}`;
}
