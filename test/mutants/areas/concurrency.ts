// What goes wrong only when several requests are under way.

import { isJsonObject } from "../../../src/domain/json.ts";
import type { Delivery, Step } from "../../../src/engine/port.ts";
import { machineScope } from "../../../src/operations/lookup.ts";
import type { Change } from "../../../src/store/port.ts";
import { bodyOf, handling, instancePath, replyOf, storedInstance, withBody } from "../edits.ts";
import type { Fault, Forward, Mutant, WireReply, WireRequest, World } from "../fault.ts";
import { keyOf, withEngine } from "../ports.ts";

export const concurrencyMutants: Mutant[] = [
  {
    id: "CC-02",
    title: "parallel creates of one slug both succeed",
    operation: "POST /machines/{machineSlug}",
    fault: creatingTwice,
  },
  {
    id: "CC-03",
    title: "in-flight send writes the instance back after its delete",
    operation: "DELETE /machines/{machineSlug}/i/{instanceSlug}",
    fault: writingBack,
  },
  {
    id: "CC-05",
    title: "reply carries another request's state",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: sharingReplies,
  },
  {
    id: "CC-07",
    title: "two instances sending to each other deadlock",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: sendingSynchronously,
  },
  {
    id: "CC-08",
    title: "event accepted after PUT paused returned 204",
    operation: "PUT /machines/{machineSlug}/i/{instanceSlug}/status",
    fault: pausingLate,
  },
];

/** Who asks while another's creation is under way gets its success. */
function creatingTwice(): Fault {
  const underWay = new Map<string, Promise<WireReply>>();
  return handling("createMachineInstance", async (request, forward) => {
    const key = `${request.params.machineSlug}/${bodyOf(request).slug}`;
    const other = underWay.get(key);
    const mine = forward(request);
    if (other) {
      const [reply, first] = await Promise.all([mine, other]);
      return reply.status === 409 && first.status === 200 ? first : reply;
    }
    underWay.set(key, mine);
    return mine.finally(() => underWay.delete(key));
  });
}

function writingBack(): Fault {
  const sends = new Map<string, number>();
  const deletions = new Map<string, Promise<WireReply>>();

  async function send(request: WireRequest, forward: Forward, world: World): Promise<WireReply> {
    const path = instancePath(request);
    sends.set(path, (sends.get(path) ?? 0) + 1);
    const reply = await forward(request).finally(() => sends.set(path, (sends.get(path) ?? 1) - 1));
    if (reply.status !== 409 || !/was deleted while/.test(String(bodyOf(reply).error))) return reply;
    await deletions.get(path);
    const back = await storedInstance(request, world);
    return back ? withBody({ ...reply, status: 200, reason: "OK" }, back.rec.state) : reply;
  }

  async function erase(request: WireRequest, forward: Forward, world: World): Promise<WireReply> {
    const before = await storedInstance(request, world);
    const isInHand = (sends.get(instancePath(request)) ?? 0) > 0;
    const reply = await forward(request);
    if (reply.status !== 204 || !before || !isInHand) return reply;
    const { orgId, machine, slug: name } = before.rec;
    const rec = { ...before.rec, running: [], transitionCount: 0 };
    const back: Change = { op: "put", kind: "instance", scope: machineScope(orgId, machine), name, rec, ifRev: 0 };
    await world.services.store.commit([back]);
    return reply;
  }

  return handling(["sendMachineInstanceEvent", "deleteMachineInstance"], (request, forward, world) => {
    if (request.operationId === "sendMachineInstanceEvent") return send(request, forward, world);
    const deletion = erase(request, forward, world);
    deletions.set(instancePath(request), deletion);
    return deletion;
  });
}

/** Every reply is written from one variable, a moment after its request has put its state there. */
function sharingReplies(): Fault {
  let latest: Buffer | undefined;
  return handling("sendMachineInstanceEvent", async (request, forward) => {
    const reply = await forward(request);
    if (reply.status !== 200) return reply;
    latest = reply.body;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return withBody(reply, bodyOf({ body: latest }));
  });
}

/** A sender keeps its instance to itself until the receivers have processed what it sent, for which they have to have theirs. */
function sendingSynchronously(): Fault {
  const waiting = new Map<string, (() => void)[]>();
  /** Of each child that is an instance. */
  const parents = new Map<string, string>();
  return {
    services: (services, { closing }) =>
      withEngine(services, (sound) => ({
        deliver(delivery) {
          const processed: Promise<void>[] = [];
          const self = keyOf(delivery.instance);
          const { turn, outcome } = sound.deliver({
            ...delivery,
            async commit(step, works) {
              const state = await delivery.commit(step, works);
              for (const receiver of receiversOf(step, delivery)) {
                if (receiver === self) continue;
                const key = `${self}→${receiver}`;
                processed.push(new Promise((resolve) => waiting.set(key, [...(waiting.get(key) ?? []), resolve])));
              }
              return state;
            },
          });
          const sender = senderOf(delivery);
          if (sender !== undefined)
            void turn.then(
              () => waiting.get(`${sender}→${self}`)?.shift()?.(),
              () => {},
            );
          const isOver = new Promise<void>((resolve) => closing.addEventListener("abort", () => resolve()));
          const held = turn.then(async (isProcessed) => {
            await Promise.race([Promise.all(processed), isOver]);
            return isProcessed;
          });
          held.catch(() => {});
          return { turn: held, outcome };
        },
      })),
  };

  function receiversOf({ posts }: Step, { instance }: Delivery): string[] {
    const { orgId } = instance;
    const parent = parents.get(keyOf(instance));
    return posts.flatMap((post) => {
      if (post.kind === "spawn") parents.set(`${orgId}/${post.machine}/${post.instance}`, keyOf(instance));
      if (post.kind !== "send") return [];
      if (post.to === "parent") return parent ?? [];
      return keyOf({ orgId, machine: post.to.machine, slug: post.to.instance });
    });
  }
}

function senderOf({ authContext, instance }: Delivery): string | undefined {
  const sender = isJsonObject(authContext) ? authContext.stateBackedSender : undefined;
  if (!isJsonObject(sender)) return undefined;
  return `${instance.orgId}/${sender.machineName}/${sender.machineInstanceName}`;
}

/** Until a status has come through, 150 ms later. */
function pausingLate(): Fault {
  const turns = new Map<string, Promise<unknown>>();
  return handling("setMachineInstanceStatus", async (request, forward, { ask }) => {
    const path = instancePath(request);
    if (bodyOf(request).status !== "paused") {
      await turns.get(path);
      return forward(request);
    }
    const exists = (await ask("GET", `${path}/admin`)).status === 200;
    if (!exists) return forward(request);
    const setting = new Promise((resolve) => setTimeout(resolve, 150)).then(() => forward(request).catch(() => {}));
    turns.set(path, setting);
    return replyOf(204);
  });
}
