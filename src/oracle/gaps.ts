// What an operation lacks to be whole: a handler, a contract that exercises it, examples of what goes in and comes out.

import {
  type MediaType,
  methods,
  type OpenApiDocument,
  type Operation,
  type OperationObject,
  operationsOf,
  pointer,
  type Reference,
  resolve,
} from "../spec/document.ts";
import { operationsClaimedIn, type Scenario, type Unreached } from "./contracts.ts";
import { statusesClaimedIn } from "./statuses-claimed.ts";

export interface Gap {
  lacks: "handler" | "operation" | "contract" | "status" | "example";
  /** A sentence that says what is missing where, and one that says how to mend it. */
  message: string;
}

export interface Whole {
  document: OpenApiDocument;
  /** Ids of the operations that have a handler. */
  handled: ReadonlySet<string>;
  scenarios: readonly Scenario[];
  /** Why no scenario asks for some statuses. */
  unreached: readonly Unreached[];
}

/** In the document's order. A component that several operations share is told once. */
export function findGaps({ document, handled, scenarios, unreached }: Whole): Gap[] {
  const claimed = new Set(scenarios.flatMap(({ steps }) => operationsClaimedIn(steps)));
  const operations = operationsOf(document);
  const ids = new Set(operations.map(({ operationId }) => operationId));
  return [
    ...operations.flatMap(({ operationId, method, path }): Gap[] => {
      const name = `${operationId} (${method.toUpperCase()} ${path})`;
      return [
        ...(handled.has(operationId) ? [] : [withoutHandler(name)]),
        ...(claimed.has(operationId) ? [] : [withoutContract(name)]),
      ];
    }),
    ...[...handled].filter((id) => !ids.has(id)).map(withoutOperation),
    ...statusesUnclaimed(
      operations.filter(({ operationId }) => claimed.has(operationId)),
      scenarios,
      unreached,
    ),
    ...examplesMissing(document),
  ];
}

function withoutHandler(operation: string): Gap {
  const mend = "Write its function in src/operations and enter it in src/operations/table.ts.";
  return { lacks: "handler", message: `${operation} has no handler. ${mend}` };
}

function withoutOperation(id: string): Gap {
  const mend = "Describe it in openapi.yaml, or take it out of src/operations/table.ts.";
  return { lacks: "operation", message: `The handler ${id} belongs to no operation. ${mend}` };
}

function withoutContract(operation: string): Gap {
  const mend = "Let a scenario in contracts/scenarios send it and claim a rule of contracts/rules.yaml.";
  return { lacks: "contract", message: `${operation} has no contract. ${mend}` };
}

/** Statuses that neither a scenario claims nor a reason excuses, and reasons that excuse what no operation needs excused. */
function statusesUnclaimed(
  operations: readonly Operation[],
  scenarios: readonly Scenario[],
  unreached: readonly Unreached[],
): Gap[] {
  const claimed = statusesClaimedIn(scenarios.flatMap(({ steps }) => steps));
  const open = operations.flatMap(({ operationId, statuses }) =>
    statuses.filter((status) => !claimed.get(operationId)?.has(status)).map((status) => ({ operationId, status })),
  );
  const excuses = ({ operations: ids, statuses }: Unreached, { operationId, status }: (typeof open)[number]) =>
    statuses.includes(status) && (ids === undefined || ids.includes(operationId));
  const unexcused = open.filter((pair) => !unreached.some((entry) => excuses(entry, pair)));
  const idle = unreached.filter((entry) => !open.some((pair) => excuses(entry, pair)));
  return [
    ...unexcused.map(({ operationId, status }) => withoutStatus(operationId, status)),
    ...idle.map(({ statuses, reason }): Gap => {
      const message = `The reason for ${statuses.join(", ")} in contracts/unreached.yaml excuses nothing (“${reason}”). Take it out.`;
      return { lacks: "status", message };
    }),
  ];
}

function withoutStatus(operationId: string, status: string): Gap {
  const mend = "Let a scenario claim it, or say in contracts/unreached.yaml why a black box can't.";
  return { lacks: "status", message: `No scenario asks for the status ${status} of ${operationId}. ${mend}` };
}

/** A body that is described somewhere and shown nowhere. */
interface Body {
  /** Whose, for a person. */
  of: string;
  place: string;
  media: MediaType;
}

function examplesMissing(document: OpenApiDocument): Gap[] {
  const missing = new Map<string, Body>();
  for (const body of bodiesOf(document)) {
    const isShown = Object.keys(body.media.examples ?? {}).length > 0;
    if (!isShown && !missing.has(body.place)) missing.set(body.place, body);
  }
  return [...missing].map(([place, { of }]): Gap => {
    return { lacks: "example", message: `${of} has no example. Add one under examples at ${place} of openapi.yaml.` };
  });
}

function bodiesOf(document: OpenApiDocument): Body[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : bodiesOfOperation(document, operation, ["paths", path, method]);
    }),
  );
}

function bodiesOfOperation(document: OpenApiDocument, operation: OperationObject, at: string[]): Body[] {
  const { operationId, requestBody, responses } = operation;
  const bodies = (holder: Content | Reference, of: string, place: string[]): Body[] => {
    const [{ content = {} }, where] = resolve<Content>(document, holder, pointer(...place));
    return Object.entries(content).map(([type, media]) => ({
      of: `The ${type} body of ${operationId}'s ${of}`,
      place: `${where}${pointer("content", type).slice(1)}`,
      media,
    }));
  };
  return [
    ...(requestBody ? bodies(requestBody, "request", [...at, "requestBody"]) : []),
    ...Object.entries(responses).flatMap(([status, response]) =>
      bodies(response, `${status} response`, [...at, "responses", status]),
    ),
  ];
}

interface Content {
  content?: { [mediaType: string]: MediaType };
}
