// Sends what the model-based stages ask, as one user or another, and keeps the curl lines that lead to what it saw.

import { callOf } from "../../call.ts";
import { judgeExchange } from "../../claims.ts";
import type { Answer, Exchange } from "../../exchange.ts";
import { dig } from "../../fill.ts";
import type { Act } from "../../model/load.ts";
import type { Findings } from "../findings.ts";

export interface Request {
  operation: string;
  machine: string;
  instance?: string;
  body?: unknown;
  act?: Act;
}

export interface Client {
  /** The curl lines so far. */
  readonly trail: string[];
  send(request: Request): Promise<Answer>;
  /** All entries of a list, or the answer that was none of its pages. */
  all(request: Request, items: string): Promise<{ entries: unknown[]; answer: Answer }>;
}

const mostPages = 100;

export function createClient(exchange: Exchange, findings: Findings, trail: string[] = []): Client {
  async function send({ operation, machine, instance, body, act }: Request, cursor?: string): Promise<Answer> {
    const params = {
      machineSlug: machine,
      ...(instance === undefined ? {} : { instanceSlug: instance }),
      ...(cursor === undefined ? {} : { cursor }),
    };
    const step = { send: operation, params, expect: [] };
    const call = callOf(
      { ...step, ...(body === undefined ? {} : { body }), ...(act ? { as: { act } } : {}) },
      new Map(),
    );
    const answer = await exchange.send(call);
    trail.push(answer.curl);
    judgeExchange(findings, answer, [...trail]);
    return answer;
  }

  return {
    trail,
    send: (request) => send(request),
    async all(request, items) {
      const entries: unknown[] = [];
      let answer = await send(request);
      for (let page = 1; answer.status === 200 && page < mostPages; page++) {
        entries.push(...asArray(dig(answer.json, items)));
        const cursor = dig(answer.json, "/cursor");
        if (typeof cursor !== "string") break;
        answer = await send(request, cursor);
      }
      return { entries, answer };
    },
  };
}

/** What confirms a deletion. */
export function confirmation(machine: string, instance: string): object {
  return {
    dangerDataWillBeDeletedForever: true,
    hmacSha256OfMachineInstanceNameWithMachineNameKey: { $hmac: { key: machine, data: instance } },
  };
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
