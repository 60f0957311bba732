// A recorded traffic as a file of scenarios that `settle verify --scenarios` runs.

import { stringify } from "yaml";
import type { Contracts, Send, Step, Ws } from "../../contracts.ts";
import type { Seen } from "../observer.ts";
import { shownTarget } from "../repro.ts";
import { pathOf } from "../route.ts";
import { type Exchanged, isObject, isSuccess } from "../traffic.ts";
import { ruleFinder } from "./claims.ts";
import { Names, type Save } from "./names.ts";
import type { Recorded } from "./recorder.ts";
import { sendOf, talkOf, Unrecordable, updateOf, uploadOf } from "./steps.ts";

export interface Written {
  yaml: string;
  steps: number;
  /** A sentence each: what is not in it, and why. */
  leftOut: string[];
}

export async function toScenario(recorded: readonly Recorded[], contracts: Contracts, name: string): Promise<Written> {
  const writer = new Writer(recorded, contracts);
  for (const one of recorded) await writer.add(one);
  return writer.write(name);
}

class Writer {
  readonly #names: Names;
  readonly #ruleOf;
  readonly #steps: Step[] = [];
  readonly #leftOut: string[] = [];
  /** Variables that hold created keys, by key id. */
  readonly #keys = new Map<string, string>();
  /** Answers that said where to upload: their steps' `save`, by path and fields. */
  readonly #uploads: { path: string; fields: string[]; save: Save; variable: string }[] = [];
  readonly #sockets = new Map<number, string>();

  constructor(recorded: readonly Recorded[], contracts: Contracts) {
    const code = recorded.flatMap((one) =>
      "exchange" in one && one.exchange.routed === null ? [new TextDecoder().decode(one.exchange.requestBody)] : [],
    );
    this.#names = new Names((slug) =>
      code.some((text) => text.includes(JSON.stringify(slug)) || text.includes(`'${slug}'`)),
    );
    this.#ruleOf = ruleFinder(contracts);
  }

  async add(one: Recorded): Promise<void> {
    try {
      if ("message" in one) this.#message(one.message);
      else if (one.exchange.routed === null) await this.#upload(one.exchange);
      else if (one.exchange.routed.operation.operationId !== "openRealtime") this.#send(one.exchange);
    } catch (error) {
      if (!(error instanceof Unrecordable)) throw error;
      const what = "message" in one ? "a message over a socket" : shownTarget(one.exchange);
      this.#leftOut.push(`${what}: ${error.message}`);
    }
  }

  #send(exchange: Exchanged): void {
    const { answerJson, status, routed } = exchange;
    const step: Send = sendOf(exchange, this.#ruleOf, this.#names, this.#keys);
    this.#steps.push(step);
    if (!isSuccess(status) || !isObject(answerJson)) return;
    const save: Save = {};
    step.save = save; // filled as later requests need it
    const { key: _, ...tellable } = answerJson;
    this.#names.learn(tellable, save);
    if (typeof answerJson.codeUploadUrl === "string" && URL.canParse(answerJson.codeUploadUrl)) {
      const fields = isObject(answerJson.codeUploadFields)
        ? Object.values(answerJson.codeUploadFields).map(String)
        : [];
      this.#uploads.push({ path: new URL(answerJson.codeUploadUrl).pathname, fields, save, variable: "" });
    }
    if (routed?.operation.operationId !== "createKey") return;
    const variable = this.#names.fresh("createdKey");
    save[variable] = "";
    this.#keys.set(String(answerJson.id), variable);
  }

  async #upload(exchange: Exchanged): Promise<void> {
    const body = new TextDecoder("latin1").decode(exchange.requestBody);
    const told = this.#uploads.findLast(
      ({ path, fields }) => path === pathOf(exchange.target) && fields.every((field) => body.includes(field)),
    );
    if (told === undefined) throw new Unrecordable("no operation is there");
    if (told.variable === "") {
      told.variable = this.#names.fresh("uploadHere");
      told.save[told.variable] = "";
    }
    this.#steps.push(await uploadOf(exchange, told.variable));
  }

  #message(message: Seen): void {
    const socket = this.#sockets.get(message.asked.n) ?? this.#names.fresh("socket");
    this.#sockets.set(message.asked.n, socket);
    if (message.from === "client") {
      this.#steps.push(talkOf(message, socket, this.#names, this.#keys));
      return;
    }
    const until = updateOf(message, this.#names);
    if (until === undefined) return;
    // Of several updates in a row the last is waited for; a slower or faster run may tell them in fewer messages.
    const last = this.#steps.at(-1);
    const isSame = last !== undefined && "ws" in last && last.ws === socket;
    const step: Ws = isSame ? last : { ws: socket, expect: [] };
    if (!isSame) this.#steps.push(step);
    step.until = until;
    step.expect = [
      { rule: step.messages ? "SB-RT-SUBSCRIBE-CURRENT" : "SB-RT-UPDATE-FOLLOWS", body: { $contains: until } },
    ];
  }

  write(name: string): Written {
    for (const step of this.#steps)
      if ("save" in step && step.save && Object.keys(step.save).length === 0) delete step.save;
    const needs = [
      ...(this.#steps.some((step) => "upload" in step) ? ["upload"] : []),
      ...(this.#sockets.size > 0 ? ["ws"] : []),
    ];
    const names = this.#names.slugs;
    const scenario = {
      name,
      ...(needs.length === 0 ? {} : { needs }),
      ...(names.length === 0 ? {} : { names }),
      steps: this.#steps,
    };
    const comment = [
      "Recorded by settle proxy. Each step claims what was answered then.",
      ...(this.#leftOut.length === 0 ? [] : ["Left out:", ...this.#leftOut.map((sentence) => `  ${sentence}`)]),
    ];
    const head = comment.map((line) => `# ${line.replaceAll(/[\r\n]+/g, " ")}\n`).join("");
    const yaml = `${head}${stringify({ title: "Recorded traffic", scenarios: [scenario] }, { aliasDuplicateObjects: false, lineWidth: 0 })}`;
    return { yaml, steps: this.#steps.length, leftOut: this.#leftOut };
  }
}
