// Responses that don't have the shape that the document gives them.

import { editing } from "../edits.ts";
import type { Mutant } from "../fault.ts";
import { withEngine, withStore } from "../ports.ts";

export const schemaMutants: Mutant[] = [
  {
    id: "SC-01",
    title: "Response State omits required `ts`",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: () => editing("getMachineInstance", ({ ts: _, ...rest }) => rest),
  },
  {
    id: "SC-03",
    title: '`done` serialised as "true"/"false"',
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: () => editing("getMachineInstance", (body) => ({ ...body, done: String(body.done) })),
  },
  {
    id: "SC-05",
    title: "administrative state omits required `status`",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}/admin",
    fault: () => editing("getMachineInstanceAdmin", ({ status: _, ...rest }) => rest),
  },
  {
    id: "SC-06",
    title: "`createdAt` returned as epoch milliseconds instead of date-time string",
    operation: "GET /machines",
    fault: () =>
      editing("listMachines", ({ machines, ...rest }) => ({
        ...rest,
        machines: (machines as { createdAt: string }[]).map((machine) => ({
          ...machine,
          createdAt: Date.parse(machine.createdAt),
        })),
      })),
  },
  {
    id: "SC-08",
    title: "transition rows caused by timers omit required `event`",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}/events",
    fault() {
      const mark = "settle mutant: a timer's";
      return {
        services: (services) => {
          const marking = withEngine(services, (sound) => ({
            deliver: (delivery) => {
              const { timer, work, what } = delivery;
              if (timer === undefined || work === undefined || what.kind !== "event") return sound.deliver(delivery);
              return sound.deliver({
                ...delivery,
                commit: (step, works) => {
                  const rows = step.rows.map((row) =>
                    row.event.type === what.event.type && works.includes(work)
                      ? { ...row, event: { ...row.event, [mark]: true } }
                      : row,
                  );
                  return delivery.commit({ ...step, rows }, works);
                },
              });
            },
          }));
          return withStore(marking, (sound) => ({
            history: async (...asked) => {
              const page = await sound.history(...asked);
              const items = page.items.map((row) => (row.event[mark] ? { ...row, event: undefined as never } : row));
              return { ...page, items };
            },
          }));
        },
      };
    },
  },
  {
    id: "SC-10",
    title: 'token_type differs from const "Bearer"',
    operation: "POST /tokens",
    fault: () => editing("exchangeToken", (body) => ({ ...body, token_type: "bearer" })),
  },
  {
    id: "SC-11",
    title: "version created without clientInfo is listed with null instead of string",
    operation: "GET /machines/{machineSlug}/v",
    fault: () =>
      editing("listMachineVersions", ({ versions, ...rest }) => ({
        ...rest,
        versions: (versions as { clientInfo: string }[]).map((version) => ({
          ...version,
          clientInfo: version.clientInfo === "" ? null : version.clientInfo,
        })),
      })),
  },
];
