// Ports that are sound but for what is put over them.

import type { Delivery, Engine, InstanceRef, Outcome, Step } from "../../src/engine/port.ts";
import type { Services } from "../../src/operations/services.ts";
import type { Change, Store } from "../../src/store/port.ts";

/** The same object, with other functions in the place of some of its own. */
export function over<T extends object>(sound: T, changes: Partial<T>): T {
  return new Proxy(sound, {
    get(target, name) {
      if (name in changes) return Reflect.get(changes, name);
      const value: unknown = Reflect.get(target, name, target);
      // Its own functions look for private fields, which only it has.
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

export function withStore(services: Services, changes: (sound: Store) => Partial<Store>): Services {
  return { ...services, store: over(services.store, changes(services.store)) };
}

export function withEngine(services: Services, changes: (sound: Engine) => Partial<Engine>): Services {
  return { ...services, engine: over(services.engine, changes(services.engine)) };
}

/** Every commit passes through `change`, which returns what is stored in its place. */
export function withCommits(
  services: Services,
  change: (changes: Change[], sound: Store) => Change[] | Promise<Change[]>,
): Services {
  return withStore(services, (sound) => ({
    commit: async (changes) => {
      const changed = await change(changes, sound);
      return sound.commit(changed);
    },
  }));
}

/** Every step that a machine takes passes through `change` before it is stored. */
export function withSteps(
  services: Services,
  change: (step: Step, delivery: Delivery) => Step | Promise<Step>,
): Services {
  return withEngine(services, (sound) => ({
    deliver: (delivery) =>
      sound.deliver({
        ...delivery,
        commit: async (step, works) => delivery.commit(await change(step, delivery), works),
      }),
  }));
}

type Delivering = ReturnType<Engine["deliver"]>;

/** Every delivery's outcome passes through `change`, right before anybody hears of it. */
export function withOutcomes(
  services: Services,
  change: (outcome: Outcome, delivery: Delivery) => Outcome | Promise<Outcome>,
): Services {
  return withEngine(services, (sound) => ({
    deliver(delivery) {
      const { turn, outcome } = sound.deliver(delivery);
      return { turn, outcome: heard(outcome.then((value) => change(value, delivery))) };
    },
  }));
}

/** A delivery that `isWrong` finds to have come to the wrong end, with nothing stored, is made again as `mend` says. */
export function again(
  sound: Engine,
  first: Delivery,
  isWrong: (outcome: Outcome) => boolean,
  mend: (delivery: Delivery) => Delivery,
): Delivering {
  const { turn, outcome } = sound.deliver(first);
  // An outcome without a step is there before the turn is over.
  const retried = turn.then(async (isProcessed) => {
    const early = isProcessed ? await Promise.race([outcome, undefined]) : undefined;
    return early && isWrong(early) ? sound.deliver(mend(first)) : undefined;
  });
  return {
    turn: retried.then((second) => second?.turn ?? turn),
    outcome: heard(retried.then((second) => second?.outcome ?? outcome)),
  };
}

/** A delivery whose course is only known after some asking. */
export function later(begin: Promise<Delivering>): Delivering {
  return { turn: begin.then(({ turn }) => turn), outcome: heard(begin.then(({ outcome }) => outcome)) };
}

/** A delivery that ends without anything having been stored. */
export function ended(outcome: Outcome): Delivering {
  return { turn: Promise.resolve(true), outcome: Promise.resolve(outcome) };
}

/** Whoever waits for a turn need not listen to the outcome too. */
function heard<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** An event of a client, and no timer's or other instance's. */
export function isFromClient({ work }: Delivery): boolean {
  return work === undefined;
}

export function keyOf({ orgId, machine, slug }: InstanceRef): string {
  return `${orgId}/${machine}/${slug}`;
}
