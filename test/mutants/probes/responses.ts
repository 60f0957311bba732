// How the faults of schemas and statuses show.

import type { JsonObject } from "../../../src/domain/json.ts";
import { exchange, withLight } from "./kit.ts";
import type { Probe } from "./probe.ts";

const firstOf = (value: unknown) => (value as JsonObject[])[0] as JsonObject;

export const schemaProbes: Probe[] = [
  {
    id: "SC-01",
    sound: "number",
    faulty: "undefined",
    observe: async (c) => typeof (await (await withLight(c)).get("toggle/light")).body.ts,
  },
  {
    id: "SC-03",
    sound: false,
    faulty: "false",
    observe: async (c) => (await (await withLight(c)).get("toggle/light")).body.done,
  },
  {
    id: "SC-05",
    sound: "running",
    faulty: undefined,
    observe: async (c) => (await (await withLight(c)).admin("toggle/light")).body.status,
  },
  {
    id: "SC-06",
    sound: "string",
    faulty: "number",
    async observe(c) {
      await c.call("POST", "/machines", { slug: c.name("m") });
      return typeof firstOf((await c.call("GET", "/machines")).body.machines).createdAt;
    },
  },
  {
    id: "SC-08",
    sound: ["WAIT", "xstate.after.1000.timed.waiting"],
    faulty: ["WAIT", undefined],
    async observe(c) {
      await c.publish("timed");
      await c.create("timed/egg");
      await c.send("timed/egg", "WAIT");
      await c.eventually(async () => (await c.get("timed/egg")).body.state === "over");
      return c.history("timed/egg");
    },
  },
  { id: "SC-10", sound: "Bearer", faulty: "bearer", observe: async (c) => (await exchange(c)).body.token_type },
  {
    id: "SC-11",
    sound: "",
    faulty: null,
    async observe(c) {
      await c.publish("toggle");
      return firstOf((await c.call("GET", `/machines/${c.name("toggle")}/v`)).body.versions).clientInfo;
    },
  },
];

export const statusProbes: Probe[] = [
  {
    id: "ST-02",
    sound: 200,
    faulty: 201,
    async observe(c) {
      await c.publish("toggle");
      return (await c.create("toggle/a")).status;
    },
  },
  {
    id: "ST-04",
    sound: 404,
    faulty: 500,
    observe: async (c) => (await (await withLight(c)).get("toggle/dark")).status,
  },
  {
    id: "ST-05",
    sound: 404,
    faulty: 403,
    observe: async (c) => (await (await withLight(c)).get("toggle/dark")).status,
  },
  {
    id: "ST-07",
    sound: [201, 409],
    faulty: [201, 201],
    async observe(c) {
      const create = () => c.call("POST", "/machines", { slug: c.name("twice") });
      return [(await create()).status, (await create()).status];
    },
  },
  {
    id: "ST-09",
    sound: [400, 400, 400, 400],
    faulty: [500, 500, 500, 400],
    async observe(c) {
      await withLight(c);
      const events = [7, [1], null, {}];
      return Promise.all(events.map(async (event) => (await c.send("toggle/light", event)).status));
    },
  },
  {
    id: "ST-10",
    sound: 400,
    faulty: 500,
    observe: async (c) =>
      (await (await withLight(c)).call("POST", `/machines/${c.name("toggle")}/i/light/events`, '{"event": "FL')).status,
  },
  {
    id: "ST-12",
    sound: [409, 200],
    faulty: [204, 404],
    async observe(c) {
      await withLight(c);
      const { confirmation } = await import("../areas/status.ts");
      const slug = c.name("toggle");
      const deletion = await c.call("DELETE", `/machines/${slug}`, {
        dangerDataWillBeDeletedForever: true,
        hmacSha256OfMachineNameWithMachineNameKey: confirmation(slug, slug),
      });
      return [deletion.status, (await c.get("toggle/light")).status];
    },
  },
  {
    id: "ST-14",
    sound: [400, 400, 400],
    faulty: [200, 200, 400],
    async observe(c) {
      await c.publish("toggle");
      const slugs = ["two words", "x".repeat(129), "a/b"];
      const create = (slug: string) => c.call("POST", `/machines/${c.name("toggle")}`, { slug });
      return Promise.all(slugs.map(async (slug) => (await create(slug)).status));
    },
  },
  {
    id: "ST-15",
    sound: [400, 400],
    faulty: [200, 200],
    async observe(c) {
      await c.publish("toggle");
      return [(await c.create("toggle/a", [])).status, (await c.create("toggle/b", "no")).status];
    },
  },
  {
    id: "ST-17",
    sound: [404, 404],
    faulty: [500, 404],
    async observe(c) {
      await c.call("POST", "/machines", { slug: c.name("empty") });
      return [(await c.create("empty/a")).status, (await c.create("nowhere/a")).status];
    },
  },
];
