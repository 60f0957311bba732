// The real things that generated requests are about: made when first needed, under names of the run's own, with the curl lines that made them.

import { createHmac } from "node:crypto";
import { judgeExchange } from "../../claims.ts";
import type { XStateVersion } from "../../contracts.ts";
import type { Answer } from "../../exchange.ts";
import { dig } from "../../fill.ts";
import type { RequestParts } from "../../generate/requests.ts";
import { show } from "../../match.ts";
import { lackOfMachine } from "../machines.ts";
import type { Run } from "../stage.ts";
import { callOfDraft, type Draft } from "./draft.ts";
import { isAccepted } from "./session.ts";

/** Something that requests need could not be made, so they can't be tried. */
export class FixtureMissing extends Error {
  override name = "FixtureMissing";
}

export interface Made<T> {
  value: T;
  trail: string[];
}

export interface Instance {
  machineSlug: string;
  instanceSlug: string;
}

/** A machine with an index, two versions and a migration from one to the other. */
export interface Workshop {
  machineSlug: string;
  index: string;
  fromVersion: string;
  toVersion: string;
}

export interface Issuer {
  iss: string;
  /** The secret as an identity provider's `key` writes it, and as a JWT's signer takes it. */
  key: string;
  secret: string;
}

export class Fixture {
  readonly run: Run;
  readonly #parts: ReadonlyMap<string, RequestParts>;
  readonly #shared = new Map<string, Promise<Made<unknown>>>();
  /** Stands in the private context of every instance that is made here. */
  readonly marker: string;

  constructor(run: Run, parts: ReadonlyMap<string, RequestParts>) {
    this.run = run;
    this.#parts = parts;
    this.marker = run.newName("marker");
  }

  /** In lower case, of a path of the document. */
  methodsOf(path: string): string[] {
    return [...this.#parts.values()].filter((one) => one.path === path).map(({ method }) => method.toLowerCase());
  }

  /** Those of them that the target is said to have. */
  methodsHad(path: string): string[] {
    const { operations } = this.run.profile;
    const had = [...this.#parts.values()].filter(({ operationId }) => operations?.includes(operationId) ?? true);
    return had.filter((one) => one.path === path).map(({ method }) => method.toLowerCase());
  }

  newName(hint: string): string {
    return this.run.newName(hint);
  }

  draft(operationId: string, draft: Partial<Omit<Draft, "parts">>): Draft {
    const parts = this.#parts.get(operationId);
    if (parts === undefined) throw new Error(`The document has no operation ${operationId}.`);
    return { parts, params: {}, trail: [], ...draft };
  }

  /** Sends what has to succeed. @throws FixtureMissing when it doesn't */
  async make(operationId: string, draft: Partial<Omit<Draft, "parts">>): Promise<{ answer: Answer; trail: string[] }> {
    const answer = await this.run.exchange.send(callOfDraft(this.draft(operationId, draft)));
    const trail = [...(draft.trail ?? []), answer.curl];
    judgeExchange(this.run.ledger, answer, trail);
    if (isAccepted(answer)) return { answer, trail };
    throw new FixtureMissing(`${operationId} gave ${answer.status} ${show(answer.json ?? answer.text)}`);
  }

  /** Made once in a run. What could not be made is not tried again. */
  shared<T>(name: string, make: () => Promise<Made<T>>): Promise<Made<T>> {
    const made = this.#shared.get(name) ?? make();
    this.#shared.set(name, made);
    return made as Promise<Made<T>>;
  }

  /** The run's shared light: it reads and writes for everybody. */
  async machine(name = "toggle"): Promise<Made<string>> {
    const published = await this.run.machines.get(name, this.#versionFor(name));
    if (published === null) throw new FixtureMissing(`the machine ${name} could not be published`);
    return { value: published.slug, trail: published.trail };
  }

  /** The newer XState, if the target has it and the machine for it. */
  #versionFor(machine: string): XStateVersion {
    const { contracts, profile } = this.run;
    const newest = profile.capabilities.includes("xstate5") ? 5 : 4;
    return lackOfMachine(machine, newest, contracts, profile) === null ? newest : 4;
  }

  async newInstance(): Promise<Made<Instance>> {
    const { value: machineSlug, trail } = await this.machine();
    const instanceSlug = this.newName("fuzzed");
    const body = { slug: instanceSlug, context: { public: { flips: 0 }, kept: this.marker } };
    const made = await this.make("createMachineInstance", { params: { machineSlug }, body, trail });
    return { value: { machineSlug, instanceSlug }, trail: made.trail };
  }

  instance(purpose: string): Promise<Made<Instance>> {
    return this.shared(`instance ${purpose}`, () => this.newInstance());
  }

  async newMachine(): Promise<Made<string>> {
    const slug = this.newName("bare");
    const { trail } = await this.make("createMachine", { body: { slug } });
    return { value: slug, trail };
  }

  workshop(): Promise<Made<Workshop>> {
    return this.shared("workshop", async () => {
      const machineSlug = this.newName("workshop");
      const index = "note";
      const { trail: first } = await this.make("createMachine", { body: { slug: machineSlug, indexes: [index] } });
      const from = await this.#version(machineSlug, "parcel", first);
      const to = await this.#version(machineSlug, "shipment", from.trail);
      const ids = { machineSlug, fromVersion: from.value, toVersion: to.value };
      const begun = await this.beginMigration(ids, to.trail);
      const params = { machineSlug, signedMachineVersionMigrationId: begun.value };
      const { trail } = await this.make("finalizeMigration", { params, trail: begun.trail });
      return { value: { ...ids, index }, trail };
    });
  }

  async #version(machineSlug: string, machine: string, before: string[]): Promise<Made<string>> {
    const begun = await this.beginVersion(machineSlug, machine, before);
    const params = { machineSlug, signedMachineVersionId: begun.value };
    const body = { makeCurrent: true, indexSelectors: { note: "$.note" } };
    const { answer, trail } = await this.make("finalizeMachineVersion", { params, body, trail: begun.trail });
    return { value: String(dig(answer.json, "/machineVersionId")), trail };
  }

  /** A version whose code is uploaded, by its signed id. */
  async beginVersion(machineSlug: string, machine: string, before: string[]): Promise<Made<string>> {
    const code = this.run.contracts.machines.get(machine)?.get(this.#versionFor(machine)) ?? "";
    const begun = await this.make("createMachineVersion", { params: { machineSlug }, trail: before });
    const trail = await this.#upload(begun.answer, code, begun.trail);
    return { value: String(dig(begun.answer.json, "/machineVersionId")), trail };
  }

  /** A migration whose code is uploaded, by its signed id. */
  async beginMigration(workshop: Omit<Workshop, "index">, before: string[]): Promise<Made<string>> {
    const { machineSlug, fromVersion, toVersion } = workshop;
    const body = { fromMachineVersionId: fromVersion, toMachineVersionId: toVersion };
    const begun = await this.make("createMigration", { params: { machineSlug }, body, trail: before });
    const code = this.run.contracts.migrations.get("parcel-to-shipment") ?? "";
    const trail = await this.#upload(begun.answer, code, begun.trail);
    return { value: String(dig(begun.answer.json, "/machineVersionMigrationId")), trail };
  }

  async #upload({ json }: Answer, code: string, before: string[]): Promise<string[]> {
    const url = String(dig(json, "/codeUploadUrl"));
    const fields = (dig(json, "/codeUploadFields") ?? {}) as { [name: string]: string };
    const answer = await this.run.exchange.upload({ url, fields, code, gzip: false });
    if (isAccepted(answer)) return [...before, answer.curl];
    throw new FixtureMissing(`an upload gave ${answer.status} ${show(answer.json ?? answer.text)}`);
  }

  /** A key that permits next to nothing. */
  async newKey(): Promise<Made<string>> {
    const body = { name: this.newName("key"), scopes: ["machines.read"] };
    const { answer, trail } = await this.make("createKey", { body });
    return { value: String(dig(answer.json, "/id")), trail };
  }

  key(): Promise<Made<string>> {
    return this.shared("key", () => this.newKey());
  }

  async newOrg(): Promise<Made<string>> {
    const body = { name: this.newName("org"), allowAnonymousAccess: false };
    const { answer, trail } = await this.make("createOrg", { body });
    return { value: String(dig(answer.json, "/id")), trail };
  }

  newIssuer(): Issuer {
    const iss = `https://${this.newName("idp")}.invalid/`;
    const secret = `the secret of ${iss}, which has bytes enough for every HMAC there is`.padEnd(64, ".");
    return { iss, secret, key: Buffer.from(secret).toString("base64url") };
  }

  async newIdentityProvider(): Promise<Made<Issuer>> {
    const issuer = this.newIssuer();
    const body = { iss: issuer.iss, key: issuer.key, algs: ["HS256"], mapping: { "sub.$": "$.sub" } };
    const { trail } = await this.make("upsertIdentityProvider", { body });
    return { value: issuer, trail };
  }

  async newTokenProvider(): Promise<Made<string>> {
    const { value: keyId, trail: before } = await this.key();
    const service = this.newName("service");
    const body = { service, keyId, mapping: { "sub.$": "$.sub" } };
    const { trail } = await this.make("upsertTokenProvider", { body, trail: before });
    return { value: service, trail };
  }
}

/** As deletions demand it: the unpadded base64url of HMAC-SHA-256. */
export function hmac(key: string, data: string): string {
  return createHmac("sha256", key).update(data).digest("base64url");
}
