// The commands stage: sequences made by chance over several instances of several machines, compared with the model, shrunk when they differ.

import fc from "fast-check";
import { acceptedOf } from "../../model/service.ts";
import { type Abilities, abilitiesOf, type Deployed, deployedFor, rulesOfStage } from "../model/deployed.ts";
import type { Run, Stage } from "../stage.ts";
import { lookAtAdmin, lookAtHistory } from "./admin.ts";
import { beginnings, type Command, commandsFor } from "./commands.ts";
import { parseReplay, type Replay, replayText } from "./replay.ts";
import { abilityOf, ids } from "./rules.ts";
import { read } from "./steps.ts";
import { Broken, Ended, World } from "./world.ts";

const longest = 80;
/** How many different rules are looked for: each further one needs sequences of its own. */
const mostFailures = 5;
/** A failing sequence is made smaller for no longer: so many tries, or so much time. */
const mostShrinks = 250;
const mostShrinkingMs = 20_000;

export const commands: Stage = {
  name: "commands",
  async run(run) {
    const unwanted = rulesOfStage("commands", run).filter(({ id }) => !run.isWanted("commands") && !run.isWanted(id));
    if (unwanted.length === rulesOfStage("commands", run).length) return;
    const machines = await deployedFor("commands", run);
    if (machines.length === 0) return;
    const abilities = abilitiesOf(run, abilityOf);
    const tolerated = new Set(unwanted.map(({ id }) => id));
    await search({ run, machines, abilities, tolerated, done: {} });
  },
};

interface Search {
  run: Run;
  machines: Deployed[];
  abilities: Abilities;
  /** Rules that are known to be broken, or that nobody asked for. */
  tolerated: Set<string>;
  /** What all sequences did, by kind. */
  done: { [kind: string]: number };
}

/** Goes on behind each failure with that rule tolerated, until all runs are made. */
async function search(search: Search): Promise<void> {
  const { run, tolerated } = search;
  const replay = parseReplay(run.replay);
  let left = replay === undefined ? run.runs : 1;
  const wanted = rulesOfStage("commands", run).filter(({ id }) => !tolerated.has(id));
  const rounds = Math.min(mostFailures, wanted.length);
  for (let round = 0; round < rounds && left > 0 && !run.signal.aborted; round++) {
    const seed = run.seed + round * 1_000_003;
    const { details, broken, ran, fault } = await tryRuns(search, seed, left, replay);
    left -= ran;
    if (fault !== undefined) {
      for (const rule of Object.values(ids)) run.ledger.fault(rule, fault);
      return;
    }
    if (broken === undefined || details === undefined) return;
    tolerated.add(broken.rule);
    const args = ["--only", "commands", "--seed", `${seed}`, "--replay", replayText(details)];
    // Once more, as the replay would do it: what does not come again is flaky.
    const again = await tryRuns({ ...search, tolerated: without(tolerated, broken.rule) }, seed, 1, details);
    if (again.broken?.rule === broken.rule) run.ledger.fail(broken.rule, broken.message, broken.trail, args);
    else run.ledger.flake(broken.rule, `${broken.message} (tried again, it did not happen)`, broken.trail, args);
  }
}

interface Tried {
  /** Where the smallest failing sequence is found again. */
  details?: Replay;
  broken?: { rule: string; message: string; trail: string[] };
  /** How many sequences were tried, those of the shrinking aside. */
  ran: number;
  /** The oracle itself failed. */
  fault?: string;
}

async function tryRuns(search: Search, seed: number, numRuns: number, replay: Replay | undefined): Promise<Tried> {
  const { run, machines, abilities } = search;
  let broken: Tried["broken"];
  let fault: string | undefined;
  let tried = 0;
  let shrinks = 0;
  let shrinkingSinceMs = 0;
  const isSmallEnough = () => ++shrinks > mostShrinks || run.now() - shrinkingSinceMs > mostShrinkingMs;
  const property = fc.asyncProperty(
    beginnings(machines),
    fc.commands(commandsFor(machines, abilities), {
      maxCommands: longest,
      size: "max",
      ...(replay === undefined ? {} : { replayPath: replay.replayPath }),
    }),
    async (first, rest) => {
      if (run.signal.aborted || fault !== undefined || (broken !== undefined && isSmallEnough())) return;
      if (broken === undefined) run.progress("commands", ++tried, numRuns, "a sequence");
      const world = worldOf(search);
      try {
        await perform(world, first, rest);
      } catch (error) {
        if (error instanceof Ended) return;
        if (!(error instanceof Broken)) fault = error instanceof Error ? (error.stack ?? error.message) : String(error);
        else if (broken === undefined || broken.rule === error.rule) {
          if (broken === undefined) shrinkingSinceMs = run.now();
          broken = { rule: error.rule, message: error.message, trail: [...world.client.trail] };
          throw error;
        }
      }
    },
  );
  const result = await fc.check(property, { seed, numRuns, ...(replay === undefined ? {} : { path: replay.path }) });
  const found = { ran: Math.max(tried, 1), ...(fault === undefined ? {} : { fault }) };
  if (broken === undefined || !result.failed || result.counterexamplePath === null) return found;
  const replayPath = /replayPath="([^"]*)"/.exec(String(result.counterexample?.[1]))?.[1] ?? "";
  return { ...found, broken, details: { path: result.counterexamplePath, replayPath } };
}

async function perform(world: World, first: readonly Command[], rest: Iterable<Command>): Promise<void> {
  for (const command of first) await command.run(world, world);
  await fc.asyncModelRun(() => ({ model: world, real: world }), rest);
  await lookAtEverything(world);
}

/** What nobody asked for on the way is asked for at the end. */
async function lookAtEverything(world: World): Promise<void> {
  const { history, admin, read: reads } = world.options.abilities;
  for (const slot of world.slots) {
    const reader = slot.machine.plan.users.find((sub) => acceptedOf(slot.machine.model.read(slot.now, { sub })));
    if (reads && (slot.now === null || reader !== undefined)) await read(world, slot, reader ?? "");
    if (slot.now !== null && history) await lookAtHistory(world, slot);
    if (slot.now !== null && admin) await lookAtAdmin(world, slot);
  }
}

function worldOf({ run, machines, abilities, tolerated, done }: Search): World {
  const { exchange, ledger: findings, newName } = run;
  const visit: World["options"]["visit"] = (parts, visit) => run.ledger.visit(parts, visit);
  return new World({ machines, abilities, exchange, findings, newName, visit, tolerated, done });
}

function without<T>(items: ReadonlySet<T>, one: T): Set<T> {
  return new Set([...items].filter((item) => item !== one));
}
