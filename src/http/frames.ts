// Messages of the realtime socket, read and written as the document describes them.

import type { RawData } from "ws";
import { isJsonObject, jsonDepth, maxJsonDepth } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { State } from "../domain/records.ts";
import type { WsToClientErrorMsg, WsToClientInstanceUpdateMsg, WsToServerMsg } from "../spec/generated/types.ts";
import type { ResponseCheck, Violation } from "../spec/response-check.ts";
import type { ServerLog } from "./errors.ts";
import type { ResponseCheckMode } from "./responses.ts";

/** A message that can't be obeyed. `requestId` is its own, or empty when it has none that can be read. */
export interface Malformed {
  requestId: string;
  problem: Problem;
}

/** A subscription, as the message that began it names it. */
export interface Subscription {
  requestId: string;
  machineName: string;
  machineInstanceName: string;
}

export interface Frames {
  read(data: RawData, isBinary: boolean): WsToServerMsg | Malformed;
  /** The bytes of an `instance-update`; of an `error` in its place if the document forbids it and the check is strict. */
  update(subscription: Subscription, state: State): Buffer;
  error(requestId: string, problem: Problem): Buffer;
}

/** The schema of each type of message. */
const schemas: { [T in WsToServerMsg["type"]]: string } = {
  "subscribe-to-instance": "WSToServerSubscribeToInstanceMsg",
  "unsubscribe-from-instance": "WSToServerUnsubscribeFromInstanceMsg",
  ping: "WSToServerPingMsg",
};

export function createFrames(check: ResponseCheck, mode: ResponseCheckMode, log: ServerLog): Frames {
  /** One state goes to all its subscribers, usually right after each other: it is judged and written once. */
  let last: { state: State; written: Buffer | Problem } | undefined;

  function write({ machineName, machineInstanceName }: Subscription, state: State): Buffer | Problem {
    const message: WsToClientInstanceUpdateMsg = {
      type: "instance-update",
      machineName,
      machineInstanceName,
      ...state,
      publicContext: state.publicContext ?? {},
    };
    const broken = mode === "off" ? [] : check.checkSchema("WSToClientMsg", message);
    if (broken.length > 0) {
      const what = broken.map(({ message }) => message).join(" ");
      log({ level: "error", message: `contract violation: our instance-update violates openapi.yaml: ${what}` });
      if (mode === "strict") {
        return new Problem("contract-violation", `Settle's own message would have broken the contract: ${what}`);
      }
    }
    return Buffer.from(JSON.stringify(message));
  }

  const frames: Frames = {
    read: (data, isBinary) => readMessage(check, data, isBinary),
    update(subscription, state) {
      if (last?.state !== state) last = { state, written: write(subscription, state) };
      const { written } = last;
      return written instanceof Problem ? frames.error(subscription.requestId, written) : written;
    },
    error(requestId, { status, code, message: error }) {
      const message: WsToClientErrorMsg = { type: "error", requestId, status, code, error };
      return Buffer.from(JSON.stringify(message));
    },
  };
  return frames;
}

function readMessage(check: ResponseCheck, data: RawData, isBinary: boolean): WsToServerMsg | Malformed {
  const text = isBinary ? "" : String(data);
  const message = jsonDepth(text) <= maxJsonDepth ? parsed(text) : undefined;
  if (!isJsonObject(message)) return malformed("", "A message must be a JSON object, sent as text.");
  const { type } = message;
  const requestId = typeof message.requestId === "string" ? message.requestId : "";
  if (typeof type !== "string" || !Object.hasOwn(schemas, type)) {
    return malformed(requestId, `A message's type is one of ${Object.keys(schemas).join(", ")}.`, "type");
  }
  const [violation] = check.checkSchema(schemas[type as WsToServerMsg["type"]], message);
  return violation ? misfit(requestId, violation) : (message as WsToServerMsg);
}

/** In the words in which the API tells of a request: a field goes by its name. */
function misfit(requestId: string, { message, pointer = "" }: Violation): Malformed {
  const [, missing] = /must have required property '(.+?)'/.exec(message) ?? [];
  if (missing !== undefined) return malformed(requestId, `${missing} is missing.`, missing);
  if (pointer === "") return malformed(requestId, message);
  const field = pointer.slice(1).replaceAll("/", ".");
  return malformed(requestId, message.replace(pointer, field), field);
}

function malformed(requestId: string, message: string, parameter?: string): Malformed {
  return {
    requestId,
    problem: new Problem("invalid-parameter", message, parameter === undefined ? {} : { parameter }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
