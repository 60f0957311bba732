// The paths stage: every way through the statecharts of models.yaml, each step's answer compared with the statechart itself.

import type { Answer } from "../exchange.ts";
import { contextOf, eventOf } from "../model/library.ts";
import { acceptedOf, type Instance, type Outcome } from "../model/service.ts";
import { differenceOf } from "../model/shown.ts";
import { type Tour, toursOf } from "../model/tours.ts";
import type { Attempt } from "./findings.ts";
import { inParallel } from "./in-parallel.ts";
import { type Client, createClient } from "./model/client.ts";
import { type Abilities, abilitiesOf, type Deployed, deployedFor, rulesOfStage } from "./model/deployed.ts";
import { judge, type RuleNames } from "./model/judge.ts";
import { faultOf, type Sent } from "./model/transitions.ts";
import type { Run, Stage } from "./stage.ts";
import { twiceIfBroken } from "./twice.ts";

const ids = {
  accepted: "SB-PATH-EVENT-200",
  state: "SB-PATH-STATE-FOLLOWS",
  context: "SB-PATH-CONTEXT-FOLLOWS",
  tags: "SB-PATH-TAGS-FOLLOW",
  done: "SB-PATH-DONE-FOLLOWS",
  kept: "SB-PATH-UNHANDLED-KEPT",
  threw: "SB-PATH-THROW-400",
  read: "SB-PATH-READ-LAST",
  history: "SB-PATH-HISTORY-COMPLETE",
} as const;

const names: RuleNames = {
  accepted: ids.accepted,
  aspects: { state: ids.state, context: ids.context, tags: ids.tags, done: ids.done },
  kept: ids.kept,
  refusals: { threw: ids.threw },
};

export const paths: Stage = {
  name: "paths",
  async run(run) {
    if (!run.isWanted("paths") && !rulesOfStage("paths", run).some(({ id }) => run.isWanted(id))) return;
    const deployed = await deployedFor("paths", run);
    if (deployed.length === 0) return;
    const abilities = abilitiesOf(run, { [ids.read]: "read", [ids.history]: "history" });
    const all = deployed.flatMap((machine) => toursOf(machine).map((tour) => ({ machine, tour })));
    let done = 0;
    await inParallel(atOnce, all, async ({ machine, tour }) => {
      if (!run.signal.aborted) {
        const go = (findings: Attempt) => goThrough({ run, machine, tour, abilities }, findings);
        await twiceIfBroken(run, { name: machine.plan.machine, rules: Object.values(ids), go });
      }
      run.progress("paths", ++done, all.length, `${machine.plan.machine} (XState ${machine.version})`);
    });
  },
};

const atOnce = 4;

interface Journey {
  run: Run;
  machine: Deployed;
  tour: Tour;
  abilities: Abilities;
}

/** Stops at the first answer that the model does not allow: what follows would only be blamed for it. */
async function goThrough({ run, machine, tour, abilities }: Journey, findings: Attempt): Promise<void> {
  const { plan, model, slug, parts } = machine;
  const client = createClient(run.exchange, findings, [...machine.trail]);
  const name = run.newName("path");
  const act = { sub: plan.users[0] };
  const on = { machine: slug, instance: name, act };
  const blanks = { secret: `secret-${name}`, n: 0 };
  const enter = (what: string, outcomes: readonly Outcome[], answer: Answer, under = names) => {
    const { claims, outcome } = judge(outcomes, answer, under);
    for (const { rule, refuted } of claims) {
      const message = `${plan.machine} (XState ${machine.version}), ${what}: ${refuted}`;
      if (refuted === null) findings.pass(rule);
      else findings.fail(rule, message, [...client.trail], ["--only", "paths"]);
    }
    if (outcome?.kind === "accepted" && outcome.reaction !== null) {
      const { transitions, guards } = outcome.reaction;
      run.ledger.visit(parts, { active: outcome.moment.active, transitions, guards });
    }
    return outcome;
  };

  const given = contextOf(tour.given, blanks);
  const creation = { operation: "createMachineInstance", machine: slug, body: { slug: name, context: given }, act };
  const created = enter("creation", model.create(null, name, given, act), await client.send(creation), {
    ...names,
    kept: null,
  });
  if (created?.kind !== "accepted") return;
  const now: Instance = { name, moment: created.moment, isPaused: false };
  const sent: Sent[] = [];
  for (const planned of tour.events) {
    blanks.n++;
    const event = eventOf(planned, blanks);
    const outcomes = model.send(now, event, act);
    const answer = await client.send({ ...on, operation: "sendMachineInstanceEvent", body: { event } });
    const outcome = enter(event.type, outcomes, answer);
    if (outcome === null) return;
    const isHandled = outcome.kind === "accepted" && outcome.reaction?.transitions.length !== 0;
    now.moment = acceptedOf([outcome])?.moment ?? now.moment;
    const isRecorded = outcome.kind === "refused" ? "never" : isHandled ? "always" : "maybe";
    sent.push({ event, moment: now.moment, isRecorded });
  }
  await close({ now, on, sent, client, model, abilities, machine }, findings);
}

interface End extends Pick<Journey, "machine" | "abilities"> {
  now: Instance;
  on: { machine: string; instance: string; act: { sub: string | undefined } };
  sent: Sent[];
  client: Client;
  model: Deployed["model"];
}

/** Is the last state what is read, and the way there what is listed? */
async function close({ now, on, sent, client, model, abilities, machine }: End, findings: Attempt): Promise<void> {
  const enter = (rule: string, refuted: string | null | undefined) => {
    const message = `${machine.plan.machine} (XState ${machine.version}), after ${sent.length} events: ${refuted}`;
    if (refuted === null || refuted === undefined) findings.pass(rule);
    else findings.fail(rule, message, [...client.trail], ["--only", "paths"]);
  };
  if (abilities.read && acceptedOf(model.read(now, on.act)) !== undefined) {
    const { status, json, text } = await client.send({ ...on, operation: "getMachineInstance" });
    enter(ids.read, status === 200 ? differenceOf(now.moment, json)?.message : `the status is ${status}: ${text}`);
  }
  if (abilities.history) {
    const list = { operation: "listMachineInstanceTransitions", machine: on.machine, instance: on.instance };
    const { entries, answer } = await client.all(list, "/transitions");
    enter(
      ids.history,
      answer.status === 200 ? faultOf(entries, sent)?.message : `the status is ${answer.status}: ${answer.text}`,
    );
  }
}
