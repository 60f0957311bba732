// The only way to send: signs, sends, records, judges each response against the API document, and prints curl.

import { gzipSync } from "node:zlib";
import type { ResponseCheck, Violation, WireResponse } from "../spec/response-check.ts";
import { type Credentials, quoted, tokenFor, tokenInShell } from "./caller.ts";
import type { Caller, MadeToken } from "./contracts.ts";
import { createHttpClient, type HttpRequest } from "./http-client.ts";
import { parsed } from "./json.ts";
import { makeToken, makeTokenInShell } from "./subject-token.ts";

export interface Target extends Credentials {
  /** Base URL, without a slash at its end. */
  url: string;
}

/** A request before it is signed. Without an operation it is judged by the shape of errors alone. */
export interface Call {
  operationId?: string;
  method: string;
  /** Path and query. */
  path: string;
  headers: { [name: string]: string };
  body?: string;
  /** Sent as a form, instead of `body`. */
  form?: { [name: string]: string | MadeToken };
  caller: Caller;
  /** Signs instead of the target's key. */
  credentials?: Credentials;
}

/** Code on its way to an upload URL, with the form fields that the service asked for. */
export interface CodeUpload {
  url: string;
  fields: { [name: string]: string };
  code: string;
  /** The file that the code came from, for readers of the repro. */
  file?: string;
  gzip: boolean;
}

/** What came back. Status 0: nothing did, and `text` says why. */
export interface Answer {
  operationId?: string;
  status: number;
  headers: { [name: string]: string };
  text: string;
  /** The parsed body; undefined when it isn't JSON. */
  json: unknown;
  elapsedMs: number;
  violations: Violation[];
  curl: string;
}

export interface ExchangeOptions {
  target: Target;
  check: ResponseCheck;
  /** Epoch milliseconds. */
  now: () => number;
  /** A request that takes longer counts as unanswered. */
  timeoutMs: number;
  /** Is told of every call that was answered, and of those that weren't. */
  onAnswer?: (call: Call, answer: Answer) => void;
}

export interface Exchange {
  send(call: Call): Promise<Answer>;
  upload(upload: CodeUpload): Promise<Answer>;
}

export function createExchange({ target, check, now, timeoutMs, onAnswer }: ExchangeOptions): Exchange {
  const client = createHttpClient();

  async function answer(url: string, request: Asked, known: Pick<Answer, "curl" | "operationId">, judge: Judge) {
    const start = now();
    let answer: Answer;
    try {
      const wire = await client(url, { ...request, timeoutMs });
      const text = new TextDecoder().decode(wire.body);
      answer = { ...known, ...wire, text, json: parsed(text), elapsedMs: now() - start, violations: judge(wire) };
    } catch (error) {
      const text = `no answer: ${reason(error)}`;
      answer = { ...known, status: 0, headers: {}, text, json: undefined, elapsedMs: now() - start, violations: [] };
    }
    return answer;
  }

  return {
    async send(call) {
      const token = await tokenFor(call.caller, call.credentials ?? target, now());
      const authorization: { [name: string]: string } = token === null ? {} : { authorization: `Bearer ${token}` };
      const body = call.form ? encodeForm(call.form, now()) : call.body;
      const request: Asked = {
        method: call.method,
        headers: { ...call.headers, ...authorization },
        ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
      };
      const { operationId } = call;
      const known = { curl: curlOf(call), ...(operationId === undefined ? {} : { operationId }) };
      const answered = await answer(`${target.url}${call.path}`, request, known, judgeOf(check, operationId));
      onAnswer?.(call, answered);
      return answered;
    },
    async upload(upload) {
      const form = new Response(formOf(upload));
      const headers = { "content-type": form.headers.get("content-type") ?? "" };
      const body = new Uint8Array(await form.arrayBuffer());
      return answer(upload.url, { method: "POST", headers, body }, { curl: curlOfUpload(upload) }, () => []);
    },
  };
}

type Asked = Omit<HttpRequest, "timeoutMs">;
type Judge = (wire: WireResponse) => Violation[];

function judgeOf(check: ResponseCheck, operationId: string | undefined): Judge {
  if (operationId !== undefined) return (wire) => check.checkResponse({ ...wire, operationId });
  return (wire) => (wire.status < 400 ? [] : check.checkErrorShape(wire));
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}

/** In the order that the upload documentation asks for: given fields, content type, encoding, file. */
function formOf({ fields, code, gzip }: CodeUpload): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.set("content-type", "application/javascript");
  if (gzip) form.set("content-encoding", "gzip");
  const bytes = new TextEncoder().encode(code);
  form.append("file", new Blob([gzip ? gzipSync(bytes) : bytes], { type: "application/javascript" }), "machine.js");
  return form;
}

function encodeForm(form: NonNullable<Call["form"]>, nowMs: number): string {
  const fields = Object.entries(form).map(([name, value]): [string, string] => {
    return [name, typeof value === "string" ? value : makeToken(value, nowMs)];
  });
  return new URLSearchParams(fields).toString();
}

export function curlOf({ method, path, headers, body, form = {}, caller }: Call): string {
  const token = tokenInShell(caller);
  return [
    // Told `-X HEAD`, curl would wait for the body that the answer's length speaks of.
    `curl -sS -i ${method === "HEAD" ? "--head" : `-X ${method}`} "$SETTLE_URL"${quoted(path)}`,
    ...(token === null ? [] : [`-H "authorization: Bearer ${token}"`]),
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-binary ${quoted(body)}`]),
    ...Object.entries(form).map(([name, value]) =>
      typeof value === "string"
        ? `--data-urlencode ${quoted(`${name}=${value}`)}`
        : `--data-urlencode "${name}=${makeTokenInShell(value)}"`,
    ),
  ].join(" ");
}

function curlOfUpload({ url, fields, code, file, gzip }: CodeUpload): string {
  const given = Object.entries(fields).map(([name, value]) => `-F ${quoted(`${name}=${value}`)}`);
  const encoding = gzip ? ["-F content-encoding=gzip"] : [];
  const part = "-F 'file=@-;filename=machine.js;type=application/javascript'";
  const source = file === undefined ? `<(printf %s ${quoted(code)})` : quoted(file);
  const form = [...given, "-F content-type=application/javascript", ...encoding, part].join(" ");
  return `curl -sS -i ${quoted(url)} ${form} < ${gzip ? `<(gzip -c ${source})` : source}`;
}
