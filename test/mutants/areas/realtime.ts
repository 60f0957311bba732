// Sockets that say too much, too little, or in the wrong order.

import { isJsonObject } from "../../../src/domain/json.ts";
import type { InstanceRef } from "../../../src/engine/port.ts";
import type { Services } from "../../../src/operations/services.ts";
import type { InstanceUpdate, Updates } from "../../../src/operations/updates.ts";
import type { Frame } from "../../http/socket.ts";
import { bodyOf, handling, storedInstance } from "../edits.ts";
import type { Fault, Line, Mutant } from "../fault.ts";
import { keyOf, over, withEngine } from "../ports.ts";

const rt = "GET /rt (ws)";

export const realtimeMutants: Mutant[] = [
  { id: "RT-01", title: "no update right after subscribe", operation: rt, fault: silentAtFirst },
  { id: "RT-02", title: 'updates of instance "a1" sent to subscriber of "a"', operation: rt, fault: matchingPrefixes },
  { id: "RT-04", title: "updates reordered: ts decreases", operation: rt, fault: reordering },
  { id: "RT-06", title: "update sent for a rejected or failed event", operation: rt, fault: tellingOfFailures },
  { id: "RT-07", title: "timer transitions push nothing", operation: rt, fault: silentAboutTimers },
  { id: "RT-09", title: "malformed frame closes other sockets", operation: rt, fault: closingOthers },
];

/** What a frame names. */
function nameIn({ machineName, machineInstanceName }: { [name: string]: unknown }): string {
  return `${machineName}/${machineInstanceName}`;
}

/** Whom each socket has subscribed to; it passes on what clients say. */
function subscriptions() {
  const byLine = new WeakMap<Line, Set<string>>();
  return {
    hear(line: Line, text: string, frame: object | undefined) {
      if (isJsonObject(frame as never)) {
        const { type, ...names } = frame as { type?: unknown };
        if (type === "subscribe-to-instance") byLine.set(line, (byLine.get(line) ?? new Set()).add(nameIn(names)));
        if (type === "unsubscribe-from-instance") byLine.get(line)?.delete(nameIn(names));
      }
      line.toServer(text);
    },
    of: (line: Line): Iterable<string> => byLine.get(line) ?? [],
  };
}

function updateOf(
  { machine, slug }: { machine: string; slug: string },
  state: object & { publicContext?: object },
): string {
  const names = { type: "instance-update", machineName: machine, machineInstanceName: slug };
  return JSON.stringify({ ...names, ...state, publicContext: state.publicContext ?? {} });
}

function silentAtFirst(): Fault {
  return {
    socket() {
      const expected = new WeakMap<Line, Set<string>>();
      return {
        fromClient(line, text, frame) {
          if (frame?.type === "subscribe-to-instance")
            expected.set(line, (expected.get(line) ?? new Set()).add(nameIn(frame)));
          line.toServer(text);
        },
        fromServer(line, text, frame) {
          const isFirst = frame.type === "instance-update" && expected.get(line)?.delete(nameIn({ ...frame }));
          if (!isFirst) line.toClient(text);
        },
      };
    },
  };
}

function withPublish(
  services: Services,
  publish: (updates: Updates, ...args: Parameters<Updates["publish"]>) => void,
): Services {
  const { updates } = services;
  return { ...services, updates: over(updates, { publish: (...args) => publish(updates, ...args) }) };
}

function matchingPrefixes(): Fault {
  const subscribed = subscriptions();
  return {
    socket: () => ({ fromClient: subscribed.hear }),
    services: (services, world) =>
      withPublish(services, (updates, instance, update) => {
        updates.publish(instance, update);
        if (update.kind === "deleted") return;
        const name = `${instance.machine}/${instance.slug}`;
        for (const line of world.lines) {
          const isMistaken = [...subscribed.of(line)].some((other) => other !== name && name.startsWith(other));
          if (isMistaken) line.toClient(updateOf(instance, update.state));
        }
      }),
  };
}

/** An update that another one may overtake is kept so long. */
const keptMs = 150;

function reordering(): Fault {
  return {
    socket() {
      const kept = new WeakMap<Line, Map<string, string>>();
      return {
        fromServer(line, text, frame) {
          if (frame.type !== "instance-update") return line.toClient(text);
          const waiting = kept.get(line) ?? new Map<string, string>();
          kept.set(line, waiting);
          const name = nameIn({ ...frame });
          const earlier = waiting.get(name);
          if (earlier !== undefined) {
            waiting.delete(name);
            line.toClient(text);
            return line.toClient(earlier);
          }
          waiting.set(name, text);
          setTimeout(() => waiting.get(name) === text && waiting.delete(name) && line.toClient(text), keptMs).unref();
        },
      };
    },
  };
}

function tellingOfFailures(): Fault {
  const subscribed = subscriptions();
  const failures = ["rejected-by-machine-authorizer", "machine-error", "context-too-large"];
  return {
    socket: () => ({ fromClient: subscribed.hear }),
    ...handling("sendMachineInstanceEvent", async (request, forward, world) => {
      const reply = await forward(request);
      const stored = failures.includes(String(bodyOf(reply).code)) && (await storedInstance(request, world));
      if (!stored) return reply;
      const { machine, slug, state } = stored.rec;
      for (const line of world.lines)
        if ([...subscribed.of(line)].includes(`${machine}/${slug}`)) line.toClient(updateOf({ machine, slug }, state));
      return reply;
    }),
  };
}

function silentAboutTimers(): Fault {
  const ringing = new Set<string>();
  const isRinging = (instance: InstanceRef, update: InstanceUpdate) =>
    update.kind === "state" && ringing.has(keyOf(instance));
  return {
    services(services) {
      const marking = withEngine(services, (sound) => ({
        deliver(delivery) {
          if (!delivery.timer) return sound.deliver(delivery);
          const key = keyOf(delivery.instance);
          return sound.deliver({
            ...delivery,
            async commit(step, works) {
              ringing.add(key);
              return delivery.commit(step, works).finally(() => ringing.delete(key));
            },
          });
        },
      }));
      return withPublish(marking, (updates, instance, update) => {
        if (!isRinging(instance, update)) updates.publish(instance, update);
      });
    },
  };
}

function closingOthers(): Fault {
  return {
    socket: ({ lines }) => ({
      fromClient(line, text, frame) {
        const types: Frame["type"][] = ["subscribe-to-instance", "unsubscribe-from-instance", "ping"];
        const isMalformed = !types.includes(String(frame?.type));
        line.toServer(text);
        for (const other of isMalformed ? lines : []) if (other !== line) other.close(1011);
      },
    }),
  };
}
