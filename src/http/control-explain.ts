// "Why not?" over HTTP: what an event would do to an instance, and why.

import type { FastifyInstance } from "fastify";
import { isJsonObject, type JsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import { explainEvent } from "../operations/explain.ts";
import type { Services } from "../operations/services.ts";
import type { Quiet } from "../operations/state/quiet.ts";
import { readControlBody } from "./control-body.ts";

const example = { machine: "counter", instance: "laps", event: { type: "increment" }, authContext: { sub: "ada" } };

/** @param ownOrgId the organization unless `x-statebacked-org-id` names another */
export function registerExplain(app: FastifyInstance, services: Services, ownOrgId: string, quiet: Quiet): void {
  app.post("/_settle/explain", async (request) => {
    const { machine, instance, event, authContext } = readControlBody(request.body, example);
    const orgId = request.headers["x-statebacked-org-id"] ?? ownOrgId;
    const ref = {
      orgId: text(orgId, "x-statebacked-org-id"),
      machine: text(machine, "machine"),
      slug: text(instance, "instance"),
    };
    const [wanted, inName] = [eventOf(event), objectOf(authContext, "authContext")];
    return quiet.during(() => explainEvent(services, ref, wanted, inName));
  });
}

/** An event is an object with a type, or the type alone. */
function eventOf(value: unknown): JsonObject & { type: string } {
  const event = typeof value === "string" ? { type: value } : value;
  if (isJsonObject(event) && typeof event.type === "string") return event as JsonObject & { type: string };
  throw wrong("event", 'an event is an object such as {"type": "increment"}, or its type alone');
}

function objectOf(value: unknown, parameter: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw wrong(parameter, 'it is an object such as {"sub": "ada"}, what an end user\'s token has in `act`');
}

function text(value: unknown, parameter: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw wrong(parameter, "it is a name");
}

function wrong(parameter: string, what: string): Problem {
  return new Problem("invalid-parameter", `${parameter}: ${what}. Send JSON such as ${JSON.stringify(example)}.`, {
    parameter,
  });
}
