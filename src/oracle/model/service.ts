// What the service may answer about one instance: for each request the set of outcomes that docs/semantics.md leaves open.

import type { Act, MachineModule } from "./load.ts";
import { type Context, type Event, MachineThrew, type Moment, type Reaction, type Statechart } from "./statechart.ts";

/** An instance as the model knows it. */
export interface Instance {
  name: string;
  moment: Moment;
  isPaused: boolean;
}

/** Why a request is refused. */
export type Reason = "absent" | "taken" | "paused" | "write-refused" | "read-refused" | "threw" | "done";

export type Outcome = Accepted | Refused;
export interface Accepted {
  kind: "accepted";
  /** The answer shows this moment, and the instance is at it from then on. */
  moment: Moment;
  /** What a creation or an event did; null for a read. */
  reaction: Reaction | null;
}
/** The instance stays as it was. */
export interface Refused {
  kind: "refused";
  reason: Reason;
  statuses: readonly number[];
}

/** A version of a machine, with what its authorizers allow. `now` is the instance at the moment of the request, or null. */
export interface ServiceModel {
  readonly chart: Statechart;
  create(now: Instance | null, name: string, given: Context, act: Act): Outcome[];
  send(now: Instance | null, event: Event, act: Act): Outcome[];
  read(now: Instance | null, act: Act): Outcome[];
}

export function createServiceModel({ allowRead, allowWrite }: MachineModule, chart: Statechart): ServiceModel {
  return {
    chart,
    create(now, name, given, authContext) {
      const request = { type: "initialization", machineInstanceName: name, authContext, context: given };
      const isAllowed = permits(allowWrite, request);
      if (now !== null) {
        // Whether the name or the authorizer is asked first is open.
        return [refused("taken", ...(isAllowed ? [409] : [409, 403]))];
      }
      return isAllowed ? [computed(() => chart.begin(given))] : [refused("write-refused", 403)];
    },
    send(now, event, authContext) {
      if (now === null) return [refused("absent", 404)];
      const isAllowed = permits(allowWrite, { type: "event", event, ...requestAt(now, authContext) });
      if (now.isPaused) return [refused("paused", ...(isAllowed ? [409] : [409, 403]))];
      // Only a decision says that what is done takes events; a target may as well refuse them.
      const whenDone = now.moment.isDone ? [refused("done", 400, 403, 409)] : [];
      if (!isAllowed) return [refused("write-refused", 403), ...whenDone];
      return [computed(() => chart.react(now.moment, event)), ...whenDone];
    },
    read(now, authContext) {
      if (now === null) return [refused("absent", 404)];
      if (!permits(allowRead, requestAt(now, authContext))) return [refused("read-refused", 403)];
      return [{ kind: "accepted", moment: now.moment, reaction: null }];
    },
  };
}

function requestAt({ name, moment: { value, context } }: Instance, authContext: Act) {
  return { machineInstanceName: name, authContext, state: value, context };
}

function computed(compute: () => Reaction): Outcome {
  try {
    const reaction = compute();
    return { kind: "accepted", moment: reaction.moment, reaction };
  } catch (error) {
    if (error instanceof MachineThrew) return refused("threw", 400);
    throw error;
  }
}

function refused(reason: Reason, ...statuses: number[]): Refused {
  return { kind: "refused", reason, statuses };
}

/** An authorizer that returns a falsy value or throws refuses. @throws for one that answers later, which no plan may name */
function permits(authorizer: (request: object) => unknown, request: object): boolean {
  let answer: unknown;
  try {
    answer = authorizer(structuredClone(request));
  } catch {
    return false;
  }
  if (answer instanceof Promise) throw new TypeError("The model asks authorizers that answer at once.");
  return Boolean(answer);
}

/** The one outcome of a set in which the request is accepted, or undefined. */
export function acceptedOf(outcomes: readonly Outcome[]): Accepted | undefined {
  return outcomes.find((outcome) => outcome.kind === "accepted");
}
