// Holding still: what is in hand first, then whoever holds, then everybody who came meanwhile.

import { expect, test } from "vitest";
import { createQuiet } from "../../src/operations/state/quiet.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("what is in hand is finished first, and what comes meanwhile waits", async () => {
  const quiet = createQuiet();
  const order: string[] = [];
  const inHand = Promise.withResolvers<void>();
  const first = quiet.during(() => inHand.promise.then(() => order.push("in hand")));
  const leave = await quiet.enter();
  const held = quiet.hold().then((goOn) => {
    order.push("held");
    return goOn;
  });
  await turn();
  const late = [
    quiet.during(async () => order.push("late")),
    quiet.enter().then((done) => {
      order.push("later");
      done();
    }),
  ];
  await turn();
  expect(order).toEqual([]);
  inHand.resolve();
  await first;
  await turn();
  expect(order).toEqual(["in hand"]);
  leave();
  const goOn = await held;
  await turn();
  expect(order).toEqual(["in hand", "held"]);
  goOn();
  await Promise.all(late);
  expect(order).toEqual(["in hand", "held", "late", "later"]);
});

test("only one holds at a time, and what fails is no longer in hand", async () => {
  const quiet = createQuiet();
  await expect(quiet.during(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  const [one, two] = [quiet.hold(), quiet.hold()];
  const goOn = await one;
  let isTwo = false;
  void two.then(() => {
    isTwo = true;
  });
  await turn();
  expect(isTwo).toBe(false);
  goOn();
  (await two)();
  await quiet.during(async () => {});
});
