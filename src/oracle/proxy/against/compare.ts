// Asks a second implementation the same as the first, in the order of the first one's answers, and names the first answer that differs.

import { setTimeout as sleep } from "node:timers/promises";
import type { Credentials } from "../../caller.ts";
import { preludeOf } from "../../report.ts";
import { lineOf, shownTarget } from "../repro.ts";
import { pathOf } from "../route.ts";
import { type Exchanged, isObject, isSuccess, parsed } from "../traffic.ts";
import { Bijection } from "./bijection.ts";
import { type Resent, resend, reupload, type Signer } from "./resend.ts";

export interface CompareOptions {
  /** Base URL of the second one. */
  url: string;
  /** Signs for the second one; without it, it must accept the first one's tokens. */
  credentials?: Credentials;
  /** Epoch milliseconds. */
  now: () => number;
  onDivergence: (divergence: Divergence) => void;
  /** How long a read may differ: timers and promises take their time. Milliseconds, 2000 unless told. */
  patienceMs?: number;
}

/** The first exchange that the two answered differently. */
export interface Divergence {
  exchange: number;
  request: string;
  operationId?: string;
  message: string;
  first: { status: number; body: unknown };
  second: { status: number; body: unknown };
  /** Lines that led there, for either of the two: `SETTLE_URL` says which. */
  repro: string[];
}

const defaultPatienceMs = 2_000;
const pollMs = 50;
const mostWaiting = 10_000;
const mostLines = 200;

/** What differs from moment to moment, or was asked of the first one alone. */
const incomparable = new Set(["openRealtime", "getLogs"]);

export class Comparison {
  readonly #options: CompareOptions;
  readonly #bijection = new Bijection();
  readonly #signer: Signer;
  readonly #lines: string[] = [];
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  /** Exchanges that both answered alike. */
  same = 0;
  divergence: Divergence | undefined;
  /** Why nothing more is compared. */
  stopped: string | undefined;

  constructor(options: CompareOptions) {
    this.#options = options;
    this.#signer = { own: options.credentials, created: new Map(), uploads: new Map() };
  }

  /** An exchange that the first one has answered. */
  add(exchanged: Exchanged): void {
    if (this.divergence !== undefined || this.stopped !== undefined) return;
    if (this.#waiting >= mostWaiting) {
      this.stopped = "the second one did not keep up";
      return;
    }
    this.#waiting++;
    this.#queue = this.#queue.then(async () => {
      try {
        await this.#compare(exchanged);
      } catch (error) {
        this.stopped ??= `the second one could not be asked: ${error instanceof Error ? error.message : error}`;
      }
      this.#waiting--;
    });
  }

  /** Everything that was added is compared. */
  async settled(): Promise<void> {
    await this.#queue;
  }

  async #compare(exchanged: Exchanged): Promise<void> {
    const operationId = exchanged.routed?.operation.operationId;
    if (this.divergence !== undefined || this.stopped !== undefined || incomparable.has(operationId ?? "")) return;
    if (operationId === undefined) return this.#upload(exchanged);
    this.#lines.push(lineOf(exchanged, exchanged.requestBody));
    if (this.#lines.length > mostLines) this.#lines.shift();
    const deadline = this.#options.now() + (this.#options.patienceMs ?? defaultPatienceMs);
    for (;;) {
      const second = await this.#ask(exchanged);
      const difference = this.#difference(exchanged, second);
      if (difference === null) {
        this.#learn(exchanged, second.body);
        this.same++;
        return;
      }
      // Only what changes nothing can be asked again.
      if (exchanged.method !== "GET" || this.#options.now() >= deadline)
        return this.#diverge(exchanged, second, difference);
      await sleep(pollMs);
    }
  }

  async #ask(exchanged: Exchanged): Promise<{ status: number; body: unknown }> {
    const { url, now } = this.#options;
    return send(await resend(exchanged, url, this.#bijection, this.#signer, now()));
  }

  #difference({ status, answerJson, routed }: Exchanged, second: { status: number; body: unknown }): string | null {
    if (status !== second.status) return `the status is ${status} at the first and ${second.status} at the second`;
    if (!isSuccess(status)) {
      // Their sentences are their own, and so are the codes of statuses that the published document doesn't have.
      const codeOf = (body: unknown) => (isObject(body) ? body.code : undefined);
      const isPublished = [400, 403, 409].includes(status) && codeOf(answerJson) !== codeOf(second.body);
      return isPublished
        ? `the code is ${codeOf(answerJson)} at the first and ${codeOf(second.body)} at the second`
        : null;
    }
    // Pages may be of different lengths.
    const isPaged = [answerJson, second.body].some((body) => isObject(body) && body.cursor !== undefined);
    if (isPaged && routed?.operation.parameters.some(({ name }) => name === "cursor")) return null;
    return this.#bijection.compare(answerJson, second.body);
  }

  #learn({ answerJson, routed }: Exchanged, second: unknown): void {
    if (!isObject(answerJson) || !isObject(second)) return;
    if (routed?.operation.operationId === "createKey") {
      const key = { orgId: "", keyId: String(second.id), secretKey: String(second.key) };
      this.#signer.created.set(String(answerJson.id), key);
    }
    const [from, to] = [String(answerJson.codeUploadUrl), String(second.codeUploadUrl)];
    if (!URL.canParse(from) || !URL.canParse(to)) return;
    const fields = isObject(second.codeUploadFields) ? Object.entries(second.codeUploadFields) : [];
    const told = { url: to, fields: Object.fromEntries(fields.map(([name, value]) => [name, String(value)])) };
    this.#signer.uploads.set(uploadKey(new URL(from).pathname, valuesOf(answerJson.codeUploadFields)), told);
  }

  /** The upload that an answer asked for, by its path and by the fields that stand in its form. */
  async #upload(exchanged: Exchanged): Promise<void> {
    const form = new TextDecoder("latin1").decode(exchanged.requestBody);
    const path = pathOf(exchanged.target);
    const entry = [...this.#signer.uploads].findLast(([key]) => {
      const [place, ...values] = key.split("\n");
      return place === path && values.every((value) => form.includes(value));
    });
    if (entry === undefined) return;
    const resent = await reupload(exchanged, entry[1]);
    if (resent === null) return;
    const second = await send(resent);
    if (isSuccess(second.status) === isSuccess(exchanged.status)) this.same++;
    else
      this.#diverge(
        exchanged,
        second,
        `the upload is answered with ${exchanged.status} by the first and ${second.status} by the second`,
      );
  }

  #diverge(exchanged: Exchanged, second: { status: number; body: unknown }, message: string): void {
    const { n, status, answerJson, routed } = exchanged;
    const operationId = routed?.operation.operationId;
    this.divergence = {
      exchange: n,
      request: shownTarget(exchanged),
      ...(operationId === undefined ? {} : { operationId }),
      message,
      first: { status, body: answerJson },
      second,
      repro: [...preludeOf(this.#lines), ...this.#lines],
    };
    this.#options.onDivergence(this.divergence);
  }
}

function valuesOf(fields: unknown): string[] {
  return isObject(fields) ? Object.values(fields).map(String) : [];
}

function uploadKey(path: string, values: readonly string[]): string {
  return [path, ...values].join("\n");
}

const timeoutMs = 60_000;

async function send({ url, init }: Resent): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  return { status: response.status, body: parsed(text) ?? (text === "" ? undefined : text) };
}
