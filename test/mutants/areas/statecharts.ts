// Statecharts that are not run, or not shown, as XState runs them.

import { isJsonObject, type Json, type JsonObject } from "../../../src/domain/json.ts";
import { reconfigured, withCode, wrapMachine } from "../code.ts";
import { bodyOf, editing, editingStates, handling, stateOperations, withBody } from "../edits.ts";
import type { Fault, Mutant } from "../fault.ts";
import { ended, isFromClient, later, withEngine, withSteps } from "../ports.ts";

export const statechartMutants: Mutant[] = [
  {
    id: "SM-01",
    title: "omitted context is not {}",
    operation: "POST /machines/{machineSlug}",
    fault: () => ({
      ...handling("createMachineInstance", (request, forward) => {
        const body = bodyOf(request);
        const isOmitted = typeof body.slug === "string" && body.context === undefined;
        return forward(isOmitted ? withBody(request, { ...body, context: { [omitted]: true } }) : request);
      }),
      services: (services) =>
        withEngine(services, (sound) => ({
          deliver(delivery) {
            const { what } = delivery;
            if (what.kind !== "create" || !what.context[omitted]) return sound.deliver(delivery);
            return sound.deliver({ ...delivery, what: { ...what, context: null as never } });
          },
        })),
    }),
  },
  {
    id: "SM-03",
    title: "event keys besides type are lost",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () =>
      handling("sendMachineInstanceEvent", (request, forward) => {
        const { event, ...rest } = bodyOf(request);
        if (!isJsonObject(event) || typeof event.type !== "string") return forward(request);
        return forward(withBody(request, { ...rest, event: { type: event.type } }));
      }),
  },
  {
    id: "SM-05",
    title: 'compound state returned as "a.b" (schema-valid string)',
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: () => editing("getMachineInstance", (body) => ({ ...body, state: dotted(body.state ?? "") })),
  },
  {
    id: "SM-06",
    title: "done stays false in final states",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => neverDone(),
  },
  {
    id: "SM-08",
    title: "transition taken although its guard is false",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withCode(services, (code) => wrapMachine(code, reconfigured(`(root) => { ${withoutGuards} visit(root); }`))),
    }),
  },
  {
    id: "SM-13",
    title: "history target re-enters the initial child after rehydration",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withEngine(services, (sound) => ({
          deliver(delivery) {
            const { what } = delivery;
            if (what.kind !== "event" || !isJsonObject(what.resting.snapshot)) return sound.deliver(delivery);
            const { historyValue: _, ...snapshot } = what.resting.snapshot;
            return sound.deliver({ ...delivery, what: { ...what, resting: { ...what.resting, snapshot } } });
          },
        })),
    }),
  },
  {
    id: "SM-15",
    title: "event without transition -> 4xx/5xx in a non-strict machine",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: refusingUnhandled,
  },
  {
    id: "SM-16",
    title: "tags of only one region returned",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withSteps(services, (step) => (isParallel(step.state) ? { ...step, tags: step.tags.slice(0, 1) } : step)),
    }),
  },
];

const omitted = "settle mutant: omitted";

/** A chain of parents; what is parallel has no such name. */
function dotted(state: Json): Json {
  if (!isJsonObject(state)) return state;
  const [[parent, child], ...others] = Object.entries(state) as [[string, Json], ...[string, Json][]];
  const inner = dotted(child);
  return others.length === 0 && typeof inner === "string" ? `${parent}.${inner}` : state;
}

function isParallel(state: Json): boolean {
  if (!isJsonObject(state)) return false;
  const children = Object.values(state);
  return children.length > 1 || children.some((child) => isParallel(child ?? null));
}

function neverDone(): Fault {
  const edit = (state: JsonObject) => ({ ...state, done: false });
  return { ...editingStates(edit), ...editing([...stateOperations, "getMachineInstanceAdmin"], edit) };
}

/** Guards of the machine's own events; those of eventless transitions would lead round and round. */
const withoutGuards = `const visit = (node) => {
    for (const transitions of Object.values(node.on ?? {}))
      for (const transition of [transitions].flat())
        if (transition !== null && typeof transition === "object") { delete transition.guard; delete transition.cond; }
    for (const child of Object.values(node.states ?? {})) visit(child);
  };`;

function refusingUnhandled(): Fault {
  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        deliver(delivery) {
          const { what, instance, code, authContext, settleTimeoutMs: timeoutMs } = delivery;
          if (what.kind !== "event" || !isFromClient(delivery) || sound.isLive(instance))
            return sound.deliver(delivery);
          const { event, resting } = what;
          // What is owed to the instance comes first, and may lead elsewhere.
          if (resting.running.length > 0) return sound.deliver(delivery);
          const decide = async () => {
            const answer = await sound.explain({ instance, code, resting, event, authContext, timeoutMs });
            const isUnhandled =
              answer.kind === "explained" &&
              answer.authorizer.allows &&
              answer.candidates.every(({ isTaken }) => !isTaken);
            if (!isUnhandled) return sound.deliver(delivery);
            return ended({ kind: "failed", reason: "machine-error", message: `nothing handles ${event.type}` });
          };
          return later(decide());
        },
      })),
  };
}
