// Journeys through a statechart that together send each event in each place of it: XState's shortest paths, joined.

import type { ActorLogic, EventObject, Snapshot } from "xstate";
import { getShortestPaths } from "xstate/graph";
import type { Plan, PlannedEvent } from "../contracts.ts";
import { contextOf, eventOf, type Kind } from "./library.ts";
import { type Event, MachineThrew, type Moment, type Statechart } from "./statechart.ts";

/** What to create an instance with, and what to send to it then. */
export interface Tour {
  given: Plan["contexts"][number];
  events: PlannedEvent[];
}

type Place = Snapshot<undefined> & { moment: Moment };

const mostMoments = 2_000;
/** How many contexts of one place are followed: what counts up to something has to be let count. */
const mostContexts = 4;

/**
 * Two moments are in the same place when their state values are the same and the guards say the same of every event: a whole context
 * would make as many places as there are contexts.
 */
export function toursOf({ plan, model: { chart } }: Kind): Tour[] {
  const [given = {}] = plan.contexts;
  const blanks = { secret: "secret", n: 0 };
  const planned = new Map(plan.events.map((event) => [eventOf(event, blanks), event]));
  const events = [...planned.keys()];
  const start = chart.begin(contextOf(given, blanks)).moment;
  const names = new WeakMap<Moment, string>();
  const placeOf = (moment: Moment) => {
    const name = names.get(moment) ?? placeName(chart, moment, events);
    names.set(moment, name);
    return name;
  };
  const done = new Set<string>();
  const isNew = (moment: Moment, event: Event) => !done.has(`${placeOf(moment)} ${JSON.stringify(event)}`);
  const tours: Tour[] = [];
  for (const path of shortestPaths(chart, start, events, placeOf)) {
    let moment = start;
    const tour: Tour = { given, events: [] };
    let found = 0;
    const go = (event: Event) => {
      if (isNew(moment, event)) found++;
      done.add(`${placeOf(moment)} ${JSON.stringify(event)}`);
      tour.events.push(planned.get(event) ?? event);
      moment = after(chart, moment, event);
    };
    for (const event of path) go(event);
    // Goes on wherever something is new: first what leaves it in its place, so that as much as possible is seen of each.
    for (;;) {
      const fresh = events.filter((event) => isNew(moment, event));
      const next = fresh.find((event) => placeOf(after(chart, moment, event)) === placeOf(moment)) ?? fresh[0];
      if (next === undefined) break;
      go(next);
    }
    if (found > 0) tours.push(tour);
  }
  return tours;
}

/** The longest first: on its way it goes through the ends of others. */
function shortestPaths(
  chart: Statechart,
  start: Moment,
  events: readonly Event[],
  placeOf: (moment: Moment) => string,
): Event[][] {
  const logic: ActorLogic<Place, EventObject> = {
    transition: (place, event) => ({ ...place, moment: after(chart, place.moment, event as Event) }),
    getInitialSnapshot: () => ({ status: "active", output: undefined, error: undefined, moment: start }),
    getPersistedSnapshot: (place) => place,
  };
  const contexts = new Map<string, string[]>();
  const paths = getShortestPaths(logic, {
    events,
    serializeState: ({ moment }) => {
      const place = placeOf(moment);
      const known = contexts.get(place) ?? [];
      contexts.set(place, known);
      const context = JSON.stringify(moment.context);
      if (!known.includes(context) && known.length < mostContexts) known.push(context);
      return `${place} ${known.includes(context) ? known.indexOf(context) : mostContexts - 1}`;
    },
    limit: mostMoments,
  });
  return paths
    .map(({ steps }) => steps.map(({ event }) => event as Event).filter(({ type }) => !type.startsWith("xstate.")))
    .toSorted((a, b) => b.length - a.length);
}

function after(chart: Statechart, moment: Moment, event: Event): Moment {
  try {
    return chart.react(moment, event).moment;
  } catch (error) {
    if (error instanceof MachineThrew) return moment;
    throw error;
  }
}

function placeName(chart: Statechart, moment: Moment, events: readonly Event[]): string {
  const answers = events.map((event) => {
    try {
      return chart.react(moment, event).guards.map(({ result }) => (result ? "1" : "0"));
    } catch (error) {
      if (error instanceof MachineThrew) return "!";
      throw error;
    }
  });
  return `${JSON.stringify(moment.value)} ${answers.join()}`;
}
