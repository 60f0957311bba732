// Odd servers that break nothing: a judge that blames one of them cries wolf.

import type { JsonObject } from "../../src/domain/json.ts";
import { isReservedEvent } from "../../src/domain/reserved-events.ts";
import { codeOf } from "../../src/operations/code.ts";
import { findVersion } from "../../src/operations/lookup.ts";
import { endingWithNothing, listingNewestFirst, wrappingCursors } from "./areas/odd-pages.ts";
import { indexingLate } from "./areas/records.ts";
import { answering, bodyOf, editingStates, handling, problem, storedInstance, withBody } from "./edits.ts";
import type { BenignVariant, Fault, Line, WireReply, WireRequest, World } from "./fault.ts";
import { withSteps } from "./ports.ts";
import { settleTimeoutMs } from "./start.ts";
import { authContextOf } from "./tokens.ts";
import { without } from "./wire.ts";

export const benignVariants: BenignVariant[] = [
  {
    id: "BV-01",
    title: "State carries unknown extra properties",
    fault: () => editingStates((state) => ({ ...state, revision: 7, links: { self: "about:blank" } })),
  },
  {
    id: "BV-03",
    title: "publicContext {} instead of omitted when there is none",
    fault: () => editingStates((state) => ({ ...state, publicContext: state.publicContext ?? {} })),
  },
  {
    id: "BV-04",
    title: "ts is fractional / not epoch ms but monotone",
    fault: () => editingStates((state) => ({ ...state, ts: Number(state.ts) / 1_000 })),
  },
  { id: "BV-06", title: "opaque base64 cursors", fault: wrappingCursors },
  { id: "BV-07", title: "lists newest-first", fault: listingNewestFirst },
  {
    id: "BV-09",
    title: "history contains an initial xstate.init row",
    fault: () => ({
      services(services) {
        const begun = new Set<string>();
        return withSteps(services, (step, { what, seed }) => {
          if (what.kind !== "create" || begun.has(seed)) return step;
          begun.add(seed);
          return { ...step, rows: [{ event: { type: "xstate.init" }, state: step.state }, ...step.rows] };
        });
      },
    }),
  },
  {
    id: "BV-10",
    title: "reserved events answered 200 and dropped, not 400",
    fault: () =>
      handling("sendMachineInstanceEvent", async (request, forward, world) => {
        const { event } = bodyOf(request);
        const type = typeof event === "object" && event !== null && "type" in event ? event.type : event;
        const reply = await forward(request);
        if (reply.status !== 400 || typeof type !== "string" || !isReservedEvent(type)) return reply;
        const stored = await storedInstance(request, world);
        return stored ? withBody({ ...reply, status: 200, reason: "OK" }, stored.rec.state) : problem(404, "not-found");
      }),
  },
  {
    id: "BV-12",
    title: "403 checked before 409 (duplicate create by a rejected user) or after",
    fault: () =>
      answering("createMachineInstance", async (reply, request, world) =>
        reply.status === 409 && (await wouldBeRejected(request, world))
          ? problem(403, "rejected-by-machine-authorizer")
          : reply,
      ),
  },
  { id: "BV-13", title: "trailing empty page after the last item", fault: endingWithNothing },
  { id: "BV-15", title: "several ws updates coalesced into the latest", fault: coalescing },
  {
    id: "BV-16",
    title: "index eventually consistent within 2 s",
    fault: () => ({ services: (services, { closing }) => indexingLate(services, 1_500, closing, "everything") }),
  },
  {
    id: "BV-18",
    title: "settle timeout 10 s or 90 s (spec and docs differ)",
    settleTimeoutMs: 90_000,
    fault: () => ({ options: { settleTimeoutMs: 90_000 } }),
  },
  { id: "BV-19", title: "ids and slugs of versions in another format", fault: renamingVersions },
];

/** Asks `allowWrite` about a creation, and stores nothing. */
async function wouldBeRejected(request: WireRequest, { server, services }: World): Promise<boolean> {
  const { slug, context = {}, machineVersionId } = bodyOf(request);
  const { orgId } = server;
  const machine = request.params.machineSlug ?? "";
  const current = (await services.store.get("machine", orgId, machine))?.rec.currentVersionId;
  const instance = { orgId, machine, slug: String(slug) };
  if (services.engine.isLive(instance)) return false;
  const { id, codeSha256 } = await findVersion(services, orgId, machine, String(machineVersionId ?? current));
  const refusal = new Error("this is only asked");
  const { outcome, turn } = services.engine.deliver({
    instance,
    code: codeOf(services, id, codeSha256),
    what: { kind: "create", context: context as JsonObject },
    authContext: authContextOf(request),
    seed: "asked",
    settleTimeoutMs,
    commit: () => Promise.reject(refusal),
  });
  await turn.catch(() => {});
  return outcome.then(({ kind }) => kind === "rejected").catch(() => false);
}

/** After something was told of an instance, what follows within so long is told at the end of it, the last alone. */
const gatherMs = 150;

function coalescing(): Fault {
  return {
    socket() {
      const gathering = new WeakMap<Line, Map<string, string | undefined>>();
      return {
        fromServer(line, text, frame) {
          const latest = gathering.get(line) ?? new Map<string, string | undefined>();
          gathering.set(line, latest);
          if (frame.type !== "instance-update") {
            // What it says must not overtake what was said before.
            for (const earlier of latest.values()) if (earlier !== undefined) line.toClient(earlier);
            latest.clear();
            return line.toClient(text);
          }
          const { machineName, machineInstanceName } = frame as { machineName?: string; machineInstanceName?: string };
          const name = JSON.stringify([machineName, machineInstanceName]);
          if (latest.has(name)) return void latest.set(name, text);
          line.toClient(text);
          latest.set(name, undefined);
          setTimeout(() => {
            const newest = latest.get(name);
            latest.delete(name);
            if (newest !== undefined) line.toClient(newest);
          }, gatherMs).unref();
        },
      };
    },
  };
}

/** `ver_` and 22 characters are shown as `mv.` and 32 hexadecimal digits. */
function renamingVersions(): Fault {
  const shown = (text: string) =>
    text.replaceAll(
      /\bver_([A-Za-z0-9_-]{22})/g,
      (_, id: string) => `mv.${Buffer.from(id, "base64url").toString("hex")}`,
    );
  const known = (text: string) =>
    text.replaceAll(/\bmv\.([0-9a-f]{32})/g, (_, id: string) => `ver_${Buffer.from(id, "hex").toString("base64url")}`);
  const renamed = <T extends WireRequest | WireReply>(message: T, rename: (text: string) => string): T => {
    const text = message.body.toString("latin1"); // ids are ASCII, and other bytes stay as they are
    const changed = rename(text);
    return changed === text ? message : withText(message, changed);
  };
  return {
    async http(request, forward) {
      // Code is nobody's business.
      const isJson = request.operationId !== undefined && !request.operationId.startsWith("sendHttpApi");
      const asked = { ...request, target: known(request.target) };
      const reply = await forward(isJson ? renamed(asked, known) : asked);
      return isJson ? renamed(reply, shown) : reply;
    },
  };
}

/** Another text that is as well formed, or as ill, as the one before, and calls itself the same. */
function withText<T extends WireRequest | WireReply>(message: T, text: string): T {
  const body = Buffer.from(text, "latin1");
  const rest = without(message.headers, "content-length");
  const headers = rest.length < message.headers.length ? [...rest, "content-length", String(body.length)] : rest;
  return { ...message, headers, body };
}
