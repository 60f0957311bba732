// Judges the messages of one realtime socket: what the client sends, what the upstream tells it, and when.

import type { ResponseCheck } from "../../spec/response-check.ts";
import { messageRule } from "../contracts.ts";
import { shellLine } from "../socket-shell.ts";
import type { History } from "./history.ts";
import type { Judge } from "./judge.ts";
import { callerOf, discreet } from "./repro.ts";
import { type Asked, isObject, parsed, scopeOf } from "./traffic.ts";

export interface SocketJudge {
  /** A message; null for one that is not text. */
  heard(from: "client" | "upstream", text: string | null): void;
}

interface Followed {
  /** What the instance's `ts` was when it was first subscribed to here. */
  floor: number;
  /** The last one that an update told here. */
  last: number;
  epoch: number;
}

export interface SocketJudgeOptions {
  asked: Asked;
  check: ResponseCheck;
  judge: Judge;
  history: History;
  /** The next place in the order of everything that the proxy sees. */
  tick: () => number;
}

const mostSent = 20;

export function createSocketJudge({ asked, check, judge, history, tick }: SocketJudgeOptions): SocketJudge {
  const scope = scopeOf(asked);
  const followed = new Map<string, Followed>();
  const sent: string[] = [];
  const common = { operationId: "openRealtime", exchange: asked.n };
  const repro = (trail: string[] = []) => [...trail, lineOf(asked, sent)];

  function fromClient(text: string | null): void {
    if (sent.length < mostSent) sent.push(text ?? "");
    const message = text === null ? undefined : parsed(text);
    const wrong = faultOf(check, "WSToServerMsg", text, message);
    if (wrong !== null) judge.client({ ...common, ...wrong, repro: repro() });
    else if (isObject(message) && message.type === "subscribe-to-instance") {
      const [machine, instance] = [String(message.machineName), String(message.machineInstanceName)];
      const { ts = 0, epoch } = history.known(scope, machine, instance);
      const name = `${machine}/${instance}`;
      if (!followed.has(name)) followed.set(name, { floor: ts, last: 0, epoch });
    }
  }

  function fromUpstream(text: string | null): void {
    const message = text === null ? undefined : parsed(text);
    const wrong = faultOf(check, "WSToClientMsg", text, message);
    const broken = wrong?.message ?? null;
    judge.enter({ ...common, rule: messageRule, key: wrong?.key ?? "", broken, repro: repro() });
    if (isObject(message) && message.type === "instance-update" && broken === null) judgeUpdate(message);
  }

  function judgeUpdate({ machineName, machineInstanceName, ts }: { [name: string]: unknown }): void {
    const [machine, instance] = [String(machineName), String(machineInstanceName)];
    const name = `${machine}/${instance}`;
    const one = followed.get(name);
    const foreign = one === undefined ? `an update tells of ${name}, which was not subscribed to here` : null;
    judge.enter({ ...common, rule: "SB-RT-UPDATE-OWN-INSTANCE", key: "", broken: foreign, repro: repro() });
    if (one === undefined || typeof ts !== "number") return;
    const { epoch, trail } = history.known(scope, machine, instance);
    const isSameLife = epoch === one.epoch;
    const least = Math.max(one.floor, one.last);
    if (isSameLife && least > 0) {
      const broken = ts < least ? `an update of ${name} has ts ${ts}, after ts ${least} was told` : null;
      judge.enter({ ...common, rule: "SB-RT-UPDATE-TS-MONOTONIC", key: "", broken, repro: repro(trail) });
    }
    followed.set(name, { floor: isSameLife ? one.floor : 0, last: ts, epoch });
    history.heard(scope, machine, instance, ts, tick());
  }

  return { heard: (from, text) => (from === "client" ? fromClient(text) : fromUpstream(text)) };
}

function faultOf(check: ResponseCheck, schema: string, text: string | null, message: unknown) {
  if (message === undefined) return { key: "no JSON", message: `a message is no JSON text: ${cut(text)}` };
  const [violation] = check.checkSchema(schema, message);
  if (violation === undefined) return null;
  return { key: violation.pointer ?? "", message: `the message ${cut(text)} is wrong: ${violation.message}` };
}

/** The socket and what was sent over it, as a line of a repro. */
function lineOf({ target, token, claims }: Asked, sent: readonly string[]): string {
  const path = target.replace(/([?&])token=[^&]*&?/, "$1").replace(/[?&]$/, "");
  return shellLine("watcher", { method: "GET", path, headers: {}, caller: callerOf({ token, claims }) }, sent);
}

function cut(text: string | null): string {
  return text === null ? "bytes" : discreet(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}
