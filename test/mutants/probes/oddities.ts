// How the oddities of the benign variants show.

import type { JsonObject } from "../../../src/domain/json.ts";
import { isUpdate } from "../../http/socket.ts";
import { machine, open, withLight } from "./kit.ts";
import type { Probe } from "./probe.ts";
import { withInstances } from "./sockets.ts";

const firstSlug = ({ instances }: JsonObject) => (instances as { slug: string }[])[0]?.slug;

export const oddityProbes: Probe[] = [
  {
    id: "BV-01",
    sound: undefined,
    faulty: 7,
    observe: async (c) => (await (await withLight(c)).get("toggle/light")).body.revision,
  },
  {
    id: "BV-03",
    sound: undefined,
    faulty: {},
    async observe(c) {
      await c.publish("bare", { code: machine(open, "{}") });
      return (await c.create("bare/it")).body.publicContext;
    },
  },
  {
    id: "BV-04",
    sound: true,
    faulty: false,
    observe: async (c) => Number((await (await withLight(c)).get("toggle/light")).body.ts) > 1e12,
  },
  {
    id: "BV-06",
    sound: [false, "i100"],
    faulty: [true, "i100"],
    async observe(c) {
      const path = await withInstances(c, 101);
      const cursor = String((await c.call("GET", path)).body.cursor);
      const second = await c.call("GET", `${path}?cursor=${encodeURIComponent(cursor)}`);
      return [/^cGFnZSBhZnRlc/.test(cursor), firstSlug(second.body)];
    },
  },
  {
    id: "BV-07",
    sound: ["i000", "i100"],
    faulty: ["i100", "i000"],
    async observe(c) {
      const path = await withInstances(c, 101);
      const first = await c.call("GET", path);
      await c.create("bare/later");
      const second = await c.call("GET", `${path}?cursor=${first.body.cursor}`);
      return [firstSlug(first.body), firstSlug(second.body)];
    },
  },
  {
    id: "BV-09",
    sound: ["FLIP"],
    faulty: ["xstate.init", "FLIP"],
    async observe(c) {
      await (await withLight(c)).send("toggle/light", "FLIP");
      return c.history("toggle/light");
    },
  },
  {
    id: "BV-10",
    sound: [400, "off"],
    faulty: [200, "off"],
    async observe(c) {
      const { status } = await (await withLight(c)).send("toggle/light", "done.invoke.x");
      return [status, (await c.get("toggle/light")).body.state];
    },
  },
  {
    id: "BV-12",
    sound: [409, 409],
    faulty: [409, 403],
    async observe(c) {
      await c.publish("guarded");
      const create = (sub: string) => c.create("guarded/it", { public: { owner: "ada" } }, { act: { sub } });
      await create("ada");
      return [(await create("ada")).status, (await create("eve")).status];
    },
  },
  {
    id: "BV-13",
    sound: undefined,
    faulty: { instances: [] },
    async observe(c) {
      const path = await withInstances(c, 1);
      const { cursor } = (await c.call("GET", path)).body;
      return cursor === undefined ? undefined : (await c.call("GET", `${path}?cursor=${cursor}`)).body;
    },
  },
  {
    id: "BV-15",
    sound: [true, "off"],
    faulty: [false, "off"],
    async observe(c) {
      await withLight(c);
      const socket = await c.socket();
      socket.watch("r", "toggle/light");
      await socket.until(isUpdate);
      await Promise.all(Array.from({ length: 12 }, () => c.send("toggle/light", "FLIP")));
      await c.eventually(async () => socket.frames.at(-1)?.publicContext?.flips === 12);
      return [socket.frames.length === 13, socket.frames.at(-1)?.state];
    },
  },
  {
    id: "BV-16",
    sound: 1,
    faulty: 0,
    async observe(c) {
      await c.publish("paint", { indexes: ["color"], indexSelectors: { color: "$.color" } });
      await c.create("paint/a", { color: "blue" });
      return ((await c.call("GET", `/machines/${c.name("paint")}/indexes/color/query`)).body.instances as unknown[])
        .length;
    },
  },
  {
    id: "BV-18",
    sound: "boiling",
    faulty: "hot",
    async observe(c) {
      await c.publish("slow");
      await c.create("slow/it", { delayMs: 2_000 });
      return (await c.send("slow/it", "BOIL")).body.state;
    },
  },
  {
    id: "BV-19",
    sound: ["ver", 200],
    faulty: ["mv.", 200],
    async observe(c) {
      const id = await c.publish("toggle");
      const body = { slug: "light", machineVersionId: id };
      return [id.slice(0, 3), (await c.call("POST", `/machines/${c.name("toggle")}`, body)).status];
    },
  },
];
