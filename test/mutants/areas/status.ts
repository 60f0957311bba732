// Statuses that the document or the semantics don't allow where they come.

import { createHmac } from "node:crypto";
import type { Json, JsonObject } from "../../../src/domain/json.ts";
import { answering, bodyOf, handling, problem, replyOf, withBody } from "../edits.ts";
import type { Mutant, WireRequest, World } from "../fault.ts";

const oops = () => problem(500, "internal-error", "Internal Server Error");

export const statusMutants: Mutant[] = [
  {
    id: "ST-02",
    title: "instance creation answers 201",
    operation: "POST /machines/{machineSlug}",
    fault: () =>
      answering("createMachineInstance", (reply) =>
        reply.status === 200 ? { ...reply, status: 201, reason: "Created" } : reply,
      ),
  },
  {
    id: "ST-04",
    title: "unknown instance -> 500",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: () => answering("getMachineInstance", (reply) => (isUnknownInstance(reply) ? oops() : reply)),
  },
  {
    id: "ST-05",
    title: "unknown instance -> 403; breaks the official client getOrCreate, which keys on 404",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: () =>
      answering("getMachineInstance", (reply) =>
        isUnknownInstance(reply) ? problem(403, "rejected-by-machine-authorizer") : reply,
      ),
  },
  {
    id: "ST-07",
    title: "second machine with the same slug accepted",
    operation: "POST /machines",
    fault: () => answering("createMachine", (reply) => (reply.status === 409 ? replyOf(201) : reply)),
  },
  {
    id: "ST-09",
    title: "event that is number/array/null -> 500",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () =>
      answering("sendMachineInstanceEvent", (reply, request) => {
        const { event } = bodyOf(request);
        const isOdd = event === null || typeof event === "number" || Array.isArray(event);
        return reply.status === 400 && isOdd ? oops() : reply;
      }),
  },
  {
    id: "ST-10",
    title: "syntactically invalid JSON body -> 500",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () =>
      answering("sendMachineInstanceEvent", (reply, { body }) =>
        reply.status === 400 && body.length > 0 && !isJson(body.toString()) ? oops() : reply,
      ),
  },
  {
    id: "ST-12",
    title: "machine deleted although instances exist (409 invalid-state required)",
    operation: "DELETE /machines/{machineSlug}",
    fault: () =>
      handling("deleteMachine", async (request, forward, world) => {
        const reply = await forward(request);
        if (reply.status !== 409) return reply;
        await deleteInstances(request, world);
        return forward(request);
      }),
  },
  {
    id: "ST-14",
    title: "slug with space or 129 chars accepted",
    operation: "POST /machines/{machineSlug}",
    fault: () => ({
      http(request, forward) {
        const { operationId, params, target } = request;
        const { slug, ...rest } = bodyOf(request);
        if (operationId === "createMachineInstance" && typeof slug === "string" && sane(slug) !== slug)
          return forward(withBody(request, { ...rest, slug: sane(slug) }));
        const named = params.instanceSlug ?? "";
        const path = encodeURIComponent(named);
        return forward(sane(named) === named ? request : { ...request, target: target.replace(path, sane(named)) });
      },
    }),
  },
  {
    id: "ST-15",
    title: "non-object `context` accepted",
    operation: "POST /machines/{machineSlug}",
    fault: () =>
      handling("createMachineInstance", (request, forward) => {
        const { context, ...rest } = bodyOf(request);
        return forward(context === undefined || isObject(context) ? request : withBody(request, rest));
      }),
  },
  {
    id: "ST-17",
    title: "creating an instance of a machine that has no version -> 500",
    operation: "POST /machines/{machineSlug}",
    fault: () =>
      answering("createMachineInstance", (reply) =>
        reply.status === 404 && /has no current version/.test(String(bodyOf(reply).error)) ? oops() : reply,
      ),
  },
];

function isUnknownInstance(reply: { status: number; body: Buffer }): boolean {
  return reply.status === 404 && /has no instance/.test(String(bodyOf(reply).error));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Only two kinds of wrong names are taken. */
function sane(slug: string): string {
  if (!/^[\w -]{1,129}$/.test(slug)) return slug;
  return slug.replaceAll(" ", "_").slice(0, 128);
}

async function deleteInstances({ params: { machineSlug = "" } }: WireRequest, { ask }: World): Promise<void> {
  for (;;) {
    const { body } = await ask("GET", `/machines/${machineSlug}/i`);
    const instances = body.instances as { slug: string }[];
    if (instances.length === 0) return;
    for (const { slug } of instances) {
      await ask("DELETE", `/machines/${machineSlug}/i/${slug}`, {
        dangerDataWillBeDeletedForever: true,
        hmacSha256OfMachineInstanceNameWithMachineNameKey: confirmation(machineSlug, slug),
      });
    }
  }
}

/** What a deletion of `name` demands. */
export function confirmation(machine: string, name: string): string {
  return createHmac("sha256", machine).update(name).digest("base64url");
}
