// Takes away what a run made on the target, so that a shared one stays as it was.

import { createHmac } from "node:crypto";
import type { Answer, Call, Exchange } from "../exchange.ts";
import { dig } from "../fill.ts";
import { parsed } from "../json.ts";
import { inParallel } from "./in-parallel.ts";

export interface Cleanup {
  /** To be told of every exchange of the run. */
  observe(call: Call, answer: Answer): void;
  /** Deletes what was made and is not deleted yet; a sentence for each thing that stays. */
  run(exchange: Exchange): Promise<string[]>;
}

/** How something that was made is unmade; `what` names it. */
interface Made {
  what: string;
  undo: Call;
}

/** `prefix`: of everything that the run names. A provider without it was there before, and only replaced. */
export function createCleanup(prefix: string): Cleanup {
  const made: Inventory = { machines: new Map(), instances: new Map(), others: new Map(), organizations: [] };
  const makers = makersInto(made);
  return {
    observe(call, answer) {
      if (answer.status < 200 || answer.status > 299) return;
      // An organization that the run made stays, with all that is in it.
      if (made.organizations.includes(call.headers["x-statebacked-org-id"] ?? "")) return;
      if (call.operationId?.startsWith("upsert") && !call.body?.includes(prefix)) return;
      makers[call.operationId ?? ""]?.(call, answer);
    },
    run: (exchange) => unmakeAll(made, exchange),
  };
}

/** What is there because of the run. */
interface Inventory {
  /** By slug. */
  machines: Map<string, Made>;
  /** By path. */
  instances: Map<string, Made>;
  /** Keys and providers, in the order they were made. */
  others: Map<string, Made>;
  /** Ids. */
  organizations: string[];
}

type Maker = (call: Call, answer: Answer) => void;

/** What a success of each operation adds to the inventory, or takes out of it. */
function makersInto({ machines, instances, others, organizations }: Inventory): { [operationId: string]: Maker } {
  return {
    createMachine: ({ body }) => {
      const slug = String(dig(parsed(body), "/slug"));
      machines.set(slug, { what: `the machine ${slug}`, undo: deletion("machine", slug, slug) });
    },
    deleteMachine: ({ path }) => machines.delete(segments(path)[1] ?? ""),
    createMachineInstance: ({ path, body }) => {
      const machine = segments(path)[1] ?? "";
      const slug = String(dig(parsed(body), "/slug"));
      const undo = deletion("instance", machine, slug);
      instances.set(undo.path, { what: `the instance ${slug} of ${machine}`, undo });
    },
    deleteMachineInstance: ({ path }) => instances.delete(path),
    createKey: (_, { json }) => {
      const id = String(dig(json, "/id"));
      const undo = { ...asOwner, operationId: "deleteKey", method: "DELETE", path: `/keys/${id}` };
      others.set(undo.path, { what: `the key ${id}`, undo });
    },
    deleteKey: ({ path }) => others.delete(path),
    upsertTokenProvider: ({ body }) => {
      const service = String(dig(parsed(body), "/service"));
      const path = `/token-providers/${encodeURIComponent(service)}`;
      const undo = { ...asOwner, operationId: "deleteTokenProvider", method: "DELETE", path };
      others.set(undo.path, { what: `the token provider ${service}`, undo });
    },
    deleteTokenProvider: ({ path }) => others.delete(path),
    upsertIdentityProvider: (call) => {
      const body = providerIn(call);
      const undo = { ...asOwner, operationId: "deleteIdentityProvider", method: "DELETE", path: "/idps", body };
      others.set(body, { what: `the identity provider ${body}`, undo });
    },
    deleteIdentityProvider: (call) => others.delete(providerIn(call)),
    createOrg: (_, { json }) => organizations.push(String(dig(json, "/id"))),
  };
}

/** What identifies an identity provider, as JSON. */
function providerIn({ body }: Call): string {
  const { iss, aud } = (parsed(body) ?? {}) as { iss?: string; aud?: string };
  return JSON.stringify({ iss, aud });
}

async function unmakeAll({ machines, instances, others, organizations }: Inventory, exchange: Exchange) {
  const stays: string[] = [];
  const unmake = async ({ what, undo }: Made) => {
    const { status, text } = await exchange.send(undo);
    // What is not there any more was taken along by something else.
    if (status !== 404 && (status < 200 || status > 299)) stays.push(`${what} stays: ${status} ${text.slice(0, 200)}`);
  };
  // Those that the deletions change, so copies.
  const providers = [...others.values()].toReversed(); // a provider was made after its key, and needs it
  await inParallel(atOnce, [...instances.values()], unmake);
  await inParallel(atOnce, [...machines], async ([slug, made]) => {
    for (const instance of await instancesOf(slug, exchange)) await unmake(instance);
    await unmake(made);
  });
  for (const made of providers) await unmake(made);
  if (organizations.length > 0)
    stays.push(`${organizations.length} organizations stay: the API has no way to delete one`);
  return stays;
}

const atOnce = 8;

/** Those that machine code, mappers or children made. A page that can't be had ends the list: the machine's deletion then tells. */
async function instancesOf(machine: string, exchange: Exchange): Promise<Made[]> {
  const found: Made[] = [];
  let cursor: unknown;
  do {
    const query = cursor === undefined ? "" : `?cursor=${encodeURIComponent(String(cursor))}`;
    const path = `/machines/${encodeURIComponent(machine)}/i${query}`;
    const answer = await exchange.send({ ...asOwner, operationId: "listMachineInstances", method: "GET", path });
    const entries = answer.status === 200 ? dig(answer.json, "/instances") : [];
    for (const entry of Array.isArray(entries) ? entries : []) {
      const slug = String(dig(entry, "/slug"));
      found.push({ what: `the instance ${slug} of ${machine}`, undo: deletion("instance", machine, slug) });
    }
    const next = answer.status === 200 ? dig(answer.json, "/cursor") : undefined;
    cursor = next === cursor ? undefined : next; // a target that repeats itself must not keep us here
  } while (cursor !== undefined);
  return found;
}

function deletion(kind: "machine" | "instance", machine: string, name: string): Call {
  const of =
    kind === "machine"
      ? "hmacSha256OfMachineNameWithMachineNameKey"
      : "hmacSha256OfMachineInstanceNameWithMachineNameKey";
  const path = `/machines/${encodeURIComponent(machine)}${kind === "machine" ? "" : `/i/${encodeURIComponent(name)}`}`;
  const confirmed = {
    dangerDataWillBeDeletedForever: true,
    [of]: createHmac("sha256", machine).update(name).digest("base64url"),
  };
  return {
    ...asOwner,
    operationId: kind === "machine" ? "deleteMachine" : "deleteMachineInstance",
    method: "DELETE",
    path,
    body: JSON.stringify(confirmed),
  };
}

/** With the target's own key, whoever made it: in the caller's place another end user might be needed, or another scope. */
const asOwner = { headers: { "content-type": "application/json" }, caller: {} };

function segments(path: string): string[] {
  return new URL(path, "http://x").pathname
    .split("/")
    .filter((part) => part !== "")
    .map(decodeURIComponent);
}
