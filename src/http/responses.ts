// Writes a reply to the wire, after holding it against the document.

import type { FastifyReply } from "fastify";
import type { Problem } from "../domain/problem.ts";
import { Problem as ProblemError } from "../domain/problem.ts";
import type { Reply } from "../operations/services.ts";
import type { ResponseCheck } from "../spec/response-check.ts";
import type { ServerLog } from "./errors.ts";
import { tokenExchangeError } from "./token-exchange-error.ts";

export type ResponseCheckMode = "strict" | "warn" | "off";

export interface Responder {
  /** `operationId` is undefined for a request that no operation is responsible for. */
  send(reply: FastifyReply, operationId: string | undefined, answer: Reply): FastifyReply;
  sendProblem(reply: FastifyReply, operationId: string | undefined, problem: Problem): FastifyReply;
}

type Payload = string | Uint8Array | null;
/** Operations whose answers hold a token or a secret. @see RFC 6749, section 5.1 */
const withCredentials: ReadonlySet<string | undefined> = new Set(["exchangeToken", "createKey"]);

const jsonType = "application/json; charset=utf-8";

export function createResponder(check: ResponseCheck, mode: ResponseCheckMode, log: ServerLog): Responder {
  /** What the document says against this answer, as one sentence; empty when nothing. */
  function violation(operationId: string | undefined, status: number, headers: object, body: Payload): string {
    const response = { status, headers: headers as { [name: string]: string }, body };
    const found =
      operationId === undefined ? check.checkErrorShape(response) : check.checkResponse({ operationId, ...response });
    return found.map(({ message }) => message).join(" ");
  }

  function write(reply: FastifyReply, operationId: string | undefined, answer: Reply): FastifyReply {
    const { status } = answer;
    const payload = answer.body === undefined ? (answer.bytes ?? null) : JSON.stringify(answer.body);
    if (withCredentials.has(operationId)) reply.header("cache-control", "no-store");
    const headers = { ...answer.headers, ...(answer.body === undefined ? {} : { "content-type": jsonType }) };
    if (mode === "off") return finish(reply, status, headers, payload);
    const broken = violation(operationId, status, { ...reply.getHeaders(), ...headers }, payload);
    if (broken === "") return finish(reply, status, headers, payload);
    const what = `our answer ${status} to ${operationId ?? "a request outside the API"} violates openapi.yaml: ${broken}`;
    log({ level: "error", message: `contract violation: ${what}` });
    if (mode === "warn") return finish(reply, status, headers, payload);
    const problem = new ProblemError(
      "contract-violation",
      `Settle's own answer would have broken the contract: ${broken}`,
    );
    return finish(reply, problem.status, { "content-type": jsonType }, JSON.stringify(problem.body));
  }

  return {
    send: write,
    sendProblem(reply, operationId, problem) {
      const { status, retryAfterSeconds } = problem;
      const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
      return write(reply, operationId, { status, headers, body: problemBody(operationId, problem) });
    },
  };
}

/** A refused exchange is told in the words of OAuth; everything else, of that operation too, in the API's own. */
function problemBody(operationId: string | undefined, problem: Problem): object {
  return operationId === "exchangeToken" && problem.status === 400 ? tokenExchangeError(problem) : problem.body;
}

function finish(
  reply: FastifyReply,
  status: number,
  headers: { [name: string]: string },
  payload: Payload,
): FastifyReply {
  reply.code(status).headers(headers);
  return payload === null ? reply.send() : reply.send(payload);
}
