// The commands that sequences are made of: numbers drawn by fast-check, which mean something only where they are run.

import fc from "fast-check";
import type { PlannedEvent } from "../../contracts.ts";
import { eventOf } from "../../model/library.ts";
import type { Abilities, Deployed } from "../model/deployed.ts";
import { lookAtAdmin, lookAtHistory, lookAtList, remove, setStatus } from "./admin.ts";
import { create, enabledOf, read, send } from "./steps.ts";
import type { Slot, World } from "./world.ts";

export type Command = fc.AsyncCommand<World, World, false>;

/** A number that picks something out of however many there are. */
const pick = fc.nat({ max: 999 });
const often = (weight: number) => fc.oneof({ weight, arbitrary: fc.constant(true) }, fc.constant(false));

/** The instances that a sequence begins with. */
export function beginnings(machines: readonly Deployed[]): fc.Arbitrary<Command[]> {
  return fc.array(creation(machines), { minLength: 1, maxLength: 4, size: "max" });
}

function creation(machines: readonly Deployed[]): fc.Arbitrary<Command> {
  return fc.record({ machine: pick, context: pick, user: pick, isByFirst: often(4) }).map((drawn) =>
    command(
      "create",
      () => true,
      async (world) => {
        const machine = at(machines, drawn.machine);
        const { contexts, users } = machine.plan;
        const user = userOf(users, drawn);
        await create(world, world.open(machine), at(contexts, drawn.context), user);
      },
    ),
  );
}

/** As often as they stand here; what the target can't do is left out. */
export function commandsFor(machines: readonly Deployed[], abilities: Abilities): fc.Arbitrary<Command>[] {
  const { read: reads, list, history, admin, status, remove: removes } = abilities;
  return [
    creation(machines),
    ...Array.from({ length: 28 }, () => sending(often(9), canMove)),
    sending(often(1), isLive),
    sending(often(9), isDone),
    ...(reads ? [reading(often(6)), reading(often(6)), reading(often(1)), reading(often(1))] : []),
    onSlot("create again", isLive, (world, slot, { n }) =>
      create(world, slot, at(slot.machine.plan.contexts, n), at(slot.machine.plan.users, 0)),
    ),
    ...(history ? [onSlot("look at transitions", any, lookAtHistory)] : []),
    ...(admin ? [onSlot("look at all", any, lookAtAdmin)] : []),
    ...(list ? [onSlot("list", any, lookAtList)] : []),
    ...(status
      ? [
          sending(often(9), isPaused),
          onSlot("pause", isRunning, (world, slot) => setStatus(world, slot, "paused")),
          onSlot("resume", isPaused, (world, slot) => setStatus(world, slot, "running")),
          onSlot("resume", isPaused, (world, slot) => setStatus(world, slot, "running")),
        ]
      : []),
    ...(removes
      ? [
          sending(often(9), isGone),
          onSlot("delete", isLive, remove),
          onSlot("make again", isGone, (world, slot, { n }) =>
            create(world, slot, at(slot.machine.plan.contexts, n), at(slot.machine.plan.users, 0)),
          ),
        ]
      : []),
  ];
}

/** Most events are ones that move the instance: chance alone would seldom get anywhere. */
function sending(isEnabled: fc.Arbitrary<boolean>, which: Which): fc.Arbitrary<Command> {
  const drawing = fc.record({
    slot: pick,
    event: pick,
    user: pick,
    isEnabled,
    isByFirst: often(6),
    isKnown: often(12),
    isText: fc.boolean(),
  });
  return drawing.map((drawn) =>
    command("send", hasAny(which), async (world) => {
      const slot = among(world, which, drawn.slot);
      const { users, events } = slot.machine.plan;
      const user = userOf(users, drawn);
      const enabled = drawn.isEnabled ? enabledOf(slot, user) : [];
      const planned = enabled.length > 0 ? at(enabled, drawn.event) : at(events, drawn.event);
      await send(world, slot, drawn.isKnown ? made(world, slot, planned, drawn.isText) : "UNHEARD_OF", user);
    }),
  );
}

/** As a text, or as an object that carries a number of its own, by which a transition list shows it. */
function made(world: World, slot: Slot, planned: PlannedEvent, isText: boolean) {
  const blanks = world.blanksOf(slot);
  if (typeof planned !== "string") return { ...eventOf(planned, blanks), n: blanks.n };
  return isText ? planned : { type: planned, n: blanks.n };
}

function reading(isByFirst: fc.Arbitrary<boolean>): fc.Arbitrary<Command> {
  return fc.record({ slot: pick, user: pick, isByFirst, isLive: often(8) }).map((drawn) =>
    command("read", hasAny(any), async (world) => {
      const slot = drawn.isLive ? among(world, isLive, drawn.slot) : at(world.slots, drawn.slot);
      const { users } = slot.machine.plan;
      await read(world, slot, userOf(users, drawn));
    }),
  );
}

type Which = (slot: Slot) => boolean;
const any: Which = () => true;
const isLive: Which = ({ now }) => now !== null;
const isRunning: Which = ({ now }) => now !== null && !now.isPaused;
const isPaused: Which = ({ now }) => now?.isPaused === true;
const isGone: Which = ({ now, wasDeleted }) => now === null && wasDeleted;
const isDone: Which = ({ now }) => now?.moment.isDone === true;
const canMove: Which = ({ now }) => now !== null && !now.isPaused && !now.moment.isDone;
const hasAny = (which: Which) => (world: World) => world.slots.some(which);

function onSlot(
  label: string,
  which: Which,
  act: (world: World, slot: Slot, drawn: { n: number }) => Promise<void>,
): fc.Arbitrary<Command> {
  return fc
    .record({ slot: pick, n: pick })
    .map((drawn) => command(label, hasAny(which), (world) => act(world, among(world, which, drawn.slot), drawn)));
}

function command(label: string, check: (world: World) => boolean, act: (world: World) => Promise<void>): Command {
  return { check: (world) => check(world as World), run: (world) => act(world), toString: () => label };
}

/** The first may do most things; what the others may not is seen when they try. */
function userOf(users: readonly string[], { isByFirst, user }: { isByFirst: boolean; user: number }): string {
  return isByFirst || users.length === 1 ? at(users, 0) : at(users.slice(1), user);
}

/** One of those; of all, when there is none. */
function among(world: World, which: Which, n: number): Slot {
  const fitting = world.slots.filter(which);
  return at(fitting.length > 0 ? fitting : world.slots, n);
}

function at<T>(items: readonly T[], n: number): T {
  const item = items[n % items.length];
  if (item === undefined) throw new Error("There is nothing to pick from.");
  return item;
}
