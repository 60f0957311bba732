// Takes away what a run made on the target, so that a shared one stays as it was.

import { createHmac } from "node:crypto";
import type { Answer, Call, Exchange } from "../exchange.ts";
import { dig } from "../fill.ts";
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

export function createCleanup(): Cleanup {
  const machines = new Map<string, Made>();
  const instances = new Map<string, Made>();
  const others = new Map<string, Made>();
  const organizations: string[] = [];

  const makers: { [operationId: string]: (call: Call, answer: Answer) => void } = {
    createMachine: (call) => {
      const slug = String(dig(parsed(call.body), "/slug"));
      machines.set(slug, { what: `the machine ${slug}`, undo: deletion("machine", slug, slug) });
    },
    deleteMachine: ({ path }) => machines.delete(segments(path)[1] ?? ""),
    createMachineInstance: (call) => {
      const machine = segments(call.path)[1] ?? "";
      const slug = String(dig(parsed(call.body), "/slug"));
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
    upsertTokenProvider: (call) => {
      const service = String(dig(parsed(call.body), "/service"));
      const path = `/token-providers/${encodeURIComponent(service)}`;
      const undo = { ...asOwner, operationId: "deleteTokenProvider", method: "DELETE", path };
      others.set(undo.path, { what: `the token provider ${service}`, undo });
    },
    deleteTokenProvider: ({ path }) => others.delete(path),
    upsertIdentityProvider: (call) => {
      const { iss, aud } = (parsed(call.body) ?? {}) as { iss?: string; aud?: string };
      const body = JSON.stringify({ iss, aud });
      const undo = { ...asOwner, operationId: "deleteIdentityProvider", method: "DELETE", path: "/idps", body };
      others.set(body, { what: `the identity provider ${body}`, undo });
    },
    deleteIdentityProvider: ({ body }) => {
      const { iss, aud } = (parsed(body) ?? {}) as { iss?: string; aud?: string };
      others.delete(JSON.stringify({ iss, aud }));
    },
    createOrg: (_, { json }) => organizations.push(String(dig(json, "/id"))),
  };

  return {
    observe(call, answer) {
      if (answer.status < 200 || answer.status > 299) return;
      // An organization that the run made stays, with all that is in it.
      if (call.headers["x-statebacked-org-id"] !== undefined) return;
      makers[call.operationId ?? ""]?.(call, answer);
    },
    async run(exchange) {
      const stays: string[] = [];
      const unmake = async ({ what, undo }: Made) => {
        const { status, text } = await exchange.send(undo);
        // What is not there any more was taken along by something else.
        if (status !== 404 && (status < 200 || status > 299))
          stays.push(`${what} stays: ${status} ${text.slice(0, 200)}`);
      };
      const providers = [...others.values()];
      await inParallel(atOnce, [...instances.values()], unmake);
      await inParallel(atOnce, [...machines], async ([slug, made]) => {
        for (const instance of await instancesOf(slug, exchange)) await unmake(instance);
        await unmake(made);
      });
      // In the order they were made: a provider needs its key, and keys come first.
      for (const made of providers.toReversed()) await unmake(made);
      if (organizations.length > 0)
        stays.push(`${organizations.length} organizations stay: the API has no way to delete one`);
      return stays;
    },
  };
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

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return undefined;
  }
}
