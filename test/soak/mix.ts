// What a soak run asks for: everything a server is used for, the bad requests too, with what each may be answered.

import type { Dice } from "../kills/dice.ts";
import { type Client, confirmed, publish } from "./client.ts";
import { at, colors, type Instances } from "./instances.ts";
import type { Subscribers } from "./subscribers.ts";

export interface Mix {
  client: Client;
  dice: Dice;
  instances: Instances;
  subscribers: Subscribers;
  code: string;
}

/** Sockets at a time. */
const mostSockets = 40;
let scratches = 0;

type Act = (mix: Mix) => Promise<unknown>;

/** How often each comes, in proportion. */
const acts: readonly [weight: number, act: Act][] = [
  [240, (mix) => mix.instances.turnOver()],
  [300, (mix) => send(mix, "count", { type: "COUNT" })],
  [40, (mix) => send(mix, "paint", { type: "PAINT", color: mix.dice.pick(colors) })],
  [40, (mix) => send(mix, "set a timer", { type: "LATER", delayMs: 1 + mix.dice.below(5_000) })],
  [20, (mix) => send(mix, "wait", { type: "WAIT" })],
  [20, (mix) => send(mix, "print", { type: "PRINT", lines: 5 })],
  [80, (mix) => mix.client.ask("get", [200, 404], { path: place(mix), token: mix.client.user(mix.dice.below(1e6)) })],
  [80, (mix) => mix.client.ask("get as admin", [200, 404], { path: `${place(mix)}/admin` })],
  [20, (mix) => mix.client.ask("history", [200, 404], { path: `${place(mix)}/events` })],
  [20, (mix) => mix.client.ask("list", [200], { path: `${at}/i` })],
  [
    20,
    (mix) =>
      mix.client.ask("query", [200], { path: `${at}/indexes/color/query?op=gte&value=${mix.dice.pick(colors)}` }),
  ],
  [5, (mix) => mix.client.ask("logs", [200], { path: "/logs?from=2026-01-01T00:00:00Z" })],
  [20, (mix) => mix.subscribers.turnOver(mostSockets, mix.instances)],
  [1, scratch],
  [10, (mix) => mix.client.ask("bad: no such instance", [404], { path: `${at}/i/nobody` })],
  [10, (mix) => mix.client.ask("bad: no such path", [404], { path: "/nowhere" })],
  [10, (mix) => mix.client.ask("bad: no token", [403], { path: "/machines", token: "none" })],
  [10, (mix) => mix.client.ask("bad: broken JSON", [400], { ...event(mix), body: "{" })],
  [10, (mix) => mix.client.ask("bad: wrong body", [400], { ...event(mix), json: { event: 7 } })],
  [10, (mix) => mix.client.ask("bad: too large", [413], { ...event(mix), body: "x".repeat(2_000_001) })],
  // One that waits doesn't know the event, which is no fault.
  [
    5,
    (mix) => mix.client.ask("bad: machine throws", [200, 400, 404, 409], { ...event(mix), json: { event: "BREAK" } }),
  ],
];
const total = acts.reduce((sum, [weight]) => sum + weight, 0);

export async function act(mix: Mix): Promise<void> {
  let left = mix.dice.below(total);
  for (const [weight, act] of acts) {
    left -= weight;
    if (left < 0) return void (await act(mix));
  }
}

function place({ instances, dice }: Mix): string {
  return `${at}/i/${instances.any(dice.below(1_000_000))}`;
}

function event(mix: Mix) {
  return { method: "POST", path: `${place(mix)}/events` };
}

/** The instance may be deleted in this moment. */
function send(mix: Mix, what: string, event: object): Promise<unknown> {
  const path = `${place(mix)}/events`;
  const token = mix.client.user(mix.dice.below(1_000_000));
  return mix.client.ask(what, [200, 404, 409], { method: "POST", path, json: { event }, token });
}

/** A machine with code of its own, used once and deleted with everything that is its. */
export async function scratch({ client, code }: Pick<Mix, "client" | "code">): Promise<void> {
  const machine = `scratch-${scratches++}`;
  const where = `/machines/${machine}`;
  if (!(await client.ask("create machine", [201], { method: "POST", path: "/machines", json: { slug: machine } })))
    return;
  await publish(client, machine, `${code}\n// ${machine}`);
  const context = { color: "red", public: { n: 0 } };
  await client.ask("create", [200], { method: "POST", path: where, json: { slug: "one", context } });
  await client.ask("count", [200], { method: "POST", path: `${where}/i/one/events`, json: { event: "COUNT" } });
  const instance = confirmed("hmacSha256OfMachineInstanceNameWithMachineNameKey", machine, "one");
  await client.ask("delete", [204], { method: "DELETE", path: `${where}/i/one`, json: instance });
  const whole = confirmed("hmacSha256OfMachineNameWithMachineNameKey", machine, machine);
  await client.ask("delete machine", [204], { method: "DELETE", path: where, json: whole });
}
