// Authorizers and scopes that are not asked, asked the wrong thing, or not heeded.

import { isJsonObject } from "../../../src/domain/json.ts";
import { withCode, wrapExport } from "../code.ts";
import { answering, bodyOf, handling, instancePath, insteadOf, withBody } from "../edits.ts";
import type { Fault, Mutant } from "../fault.ts";
import { again, ended, later, withEngine, withSteps } from "../ports.ts";

export const authorizerMutants: Mutant[] = [
  {
    id: "AZ-01",
    title: "allowWrite not called for initialisation",
    operation: "POST /machines/{machineSlug}",
    fault: () => trusting((kind) => kind === "create"),
  },
  {
    id: "AZ-02",
    title: "allowWrite not called for events",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => trusting((kind) => kind !== "create"),
  },
  {
    id: "AZ-04",
    title: "allowWrite receives the post-transition context",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: askingAfterwards,
  },
  {
    id: "AZ-06",
    title: "string events reach allowWrite without `.type`",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: keepingStrings,
  },
  {
    id: "AZ-07",
    title: "admin view served to a token without instances.admin",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}/admin",
    fault: () =>
      answering("getMachineInstanceAdmin", async (reply, { target }, { ask }) => {
        if (reply.status !== 403 || bodyOf(reply).code !== "missing-scope") return reply;
        const { status, body } = await ask("GET", target);
        return withBody({ ...reply, status, reason: "" }, body);
      }),
  },
  {
    id: "AZ-09",
    title: "authorizer rejection answers missing-scope",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () =>
      answering("sendMachineInstanceEvent", (reply) => {
        const { code, ...rest } = bodyOf(reply);
        return code === "rejected-by-machine-authorizer" ? withBody(reply, { ...rest, code: "missing-scope" }) : reply;
      }),
  },
  {
    id: "AZ-11",
    title: "exception in allowWrite is treated as allow",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withEngine(services, (sound) => ({
          deliver: (delivery) =>
            again(
              sound,
              delivery,
              // A refusal has no message of its own.
              (outcome) => outcome.kind === "rejected" && outcome.message !== undefined,
              (first) => ({ ...first, isTrusted: true }),
            ),
        })),
    }),
  },
  {
    id: "AZ-12",
    title: "write reply is denied by allowRead (write authority implies reading the result)",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () =>
      handling("sendMachineInstanceEvent", async (request, forward) => {
        const reply = await forward(request);
        if (reply.status !== 200) return reply;
        const read = await forward(insteadOf(request, "GET", instancePath(request)));
        return read.status === 403 ? read : reply;
      }),
  },
  {
    id: "AZ-14",
    title: "index query hides rows although indexes.read is enough",
    operation: "GET /machines/{machineSlug}/indexes/{index}/query",
    fault: () =>
      handling("queryMachineInstances", async (request, forward) => {
        const reply = await forward(request);
        if (reply.status !== 200) return reply;
        const { instances, ...rest } = bodyOf(reply);
        const rows = instances as { slug: string }[];
        const path = `/machines/${request.params.machineSlug}/i`;
        const reads = await Promise.all(rows.map(({ slug }) => forward(insteadOf(request, "GET", `${path}/${slug}`))));
        return withBody(reply, { ...rest, instances: rows.filter((_, index) => reads[index]?.status === 200) });
      }),
  },
];

function trusting(isTrusted: (kind: string) => boolean): Fault {
  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        deliver: (delivery) =>
          sound.deliver(isTrusted(delivery.what.kind) ? { ...delivery, isTrusted: true } : delivery),
      })),
  };
}

/** Computes the event first, and asks about what it came to. */
function askingAfterwards(): Fault {
  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        deliver(delivery) {
          const { what, isTrusted, instance, code, authContext, settleTimeoutMs: timeoutMs } = delivery;
          if (isTrusted || what.kind !== "event") return sound.deliver(delivery);
          const { event, resting } = what;
          const ask = async () => {
            const question = { instance, code, event, authContext, timeoutMs };
            const first = await sound.explain({ ...question, resting });
            if (first.kind === "failed" || "error" in first.outcome) return sound.deliver(delivery);
            const { context } = first.outcome;
            const second = await sound.explain({ ...question, resting: { ...resting, context } });
            if (second.kind === "failed" || second.authorizer.error !== undefined) return sound.deliver(delivery);
            if (second.authorizer.allows) return sound.deliver({ ...delivery, isTrusted: true });
            return ended({ kind: "rejected" });
          };
          return later(ask());
        },
      })),
  };
}

const wasString = "settle mutant: was a string";

/** An event that came as a string reaches `allowWrite` as that string, and the machine as ever. */
function keepingStrings(): Fault {
  return {
    ...handling("sendMachineInstanceEvent", (request, forward) => {
      const { event, ...rest } = bodyOf(request);
      if (typeof event !== "string") return forward(request);
      return forward(withBody(request, { ...rest, event: { type: event, [wasString]: true } }));
    }),
    services(services) {
      const asked = withCode(services, (code) =>
        wrapExport(
          code,
          "allowWrite",
          `(ask) => ({ authContext: { "${wasString}": text, ...authContext }, ...rest }) =>
            ask({ ...rest, authContext, ...(text ? { event: rest.event.type } : {}) })`,
        ),
      );
      const unmarked = withSteps(asked, (step) =>
        isJsonObject(step.authContext) ? { ...step, authContext: withoutMark(step.authContext) } : step,
      );
      return withEngine(unmarked, (sound) => ({
        deliver(delivery) {
          const { what, authContext } = delivery;
          if (what.kind === "create" || !what.event[wasString] || !isJsonObject(authContext))
            return sound.deliver(delivery);
          const event = withoutMark(what.event);
          return sound.deliver({
            ...delivery,
            what: { ...what, event },
            authContext: { ...authContext, [wasString]: true },
          });
        },
      }));
    },
  };
}

function withoutMark<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== wasString)) as T;
}
