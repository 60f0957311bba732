// The plan of each operation: what its generated requests are about, and what their bodies must mean beside fitting the document.

import { hmac } from "./fixture.ts";
import { createdIsThere, deletedIsGone } from "./follow.ts";
import type { Body, Plan } from "./plan.ts";

const ofMachine: Plan = {
  often: "freely",
  detail: async (_, fixture) => {
    const { value: machineSlug, trail } = await fixture.machine();
    return { params: { machineSlug }, trail };
  },
};

const ofInstance = (purpose: string): Plan => ({
  often: "freely",
  detail: async (_, fixture) => {
    const { value, trail } = await fixture.instance(purpose);
    return { params: { ...value }, trail };
  },
});

const ofCaller: Plan = { often: "freely", detail: async () => ({}) };

/** A name that nothing has, the generated tail behind the run's own. */
const named = (name: string, tail: string) => `${name}-${tail}`.slice(0, 128);

const machines: { [operationId: string]: Plan } = {
  listMachines: ofCaller,
  createMachine: {
    often: "freely",
    detail: async ({ indexes, ...rest }, fixture, _, { tail }) => ({
      body: {
        ...rest,
        slug: named(fixture.newName("made"), tail),
        ...(Array.isArray(indexes) ? { indexes: [...new Set(indexes)] } : {}),
      },
    }),
    follow: (session, { body }, fixture) =>
      createdIsThere(session, fixture.draft("getMachine", { params: { machineSlug: (body as Body).slug } })),
    watch: { operationId: "getMachine", expects: "nothing" },
  },
  getMachine: ofMachine,
  deleteMachine: {
    needs: ["admin"],
    often: "rarely",
    detail: async (body, fixture, purpose) => {
      const make = () => fixture.newMachine();
      const { value, trail } = await (purpose === "accept" ? make() : fixture.shared("doomed machine", make));
      const proof = { hmacSha256OfMachineNameWithMachineNameKey: hmac(value, value) };
      return { params: { machineSlug: value }, body: { ...body, ...proof }, trail };
    },
    follow: async (session, { params }, fixture) => {
      for (const id of ["getMachine", "listMachineVersions"])
        await deletedIsGone(session, fixture.draft(id, { params }));
    },
  },
  listMachineVersions: ofMachine,
  listMachineInstances: ofMachine,
};

const instances: { [operationId: string]: Plan } = {
  createMachineInstance: {
    often: "freely",
    detail: async ({ context, ...rest }, fixture, _, { tail }) => {
      const { value: machineSlug, trail } = await fixture.machine();
      const body: Body = { ...rest, slug: named(fixture.newName("made"), tail) };
      delete body.machineVersionId; // a generated one does not exist
      if (context !== undefined) body.context = context;
      return { params: { machineSlug }, body, trail };
    },
    follow: (session, { params, body }, fixture) => {
      const instanceSlug = (body as Body).slug;
      return createdIsThere(session, fixture.draft("getMachineInstance", { params: { ...params, instanceSlug } }));
    },
    watch: { operationId: "getMachineInstance", expects: "nothing" },
  },
  getMachineInstance: ofInstance("to read"),
  getMachineInstanceAdmin: { ...ofInstance("to read"), needs: ["admin"] },
  listMachineInstanceTransitions: { ...ofInstance("to read"), needs: ["admin"] },
  sendMachineInstanceEvent: {
    often: "freely",
    detail: async ({ event, ...rest }, fixture) => {
      const { value, trail } = await fixture.instance("to write");
      return { params: { ...value }, body: { ...rest, event: sendable(event) }, trail };
    },
    watch: { operationId: "getMachineInstance", expects: "same" },
  },
  setMachineInstanceStatus: {
    needs: ["admin"],
    often: "freely",
    detail: async (body, fixture) => {
      const { value, trail } = await fixture.instance("to pause");
      return { params: { ...value }, body, trail };
    },
    watch: { operationId: "getMachineInstance", expects: "same" },
  },
  deleteMachineInstance: {
    needs: ["admin"],
    often: "rarely",
    detail: async (body, fixture, purpose) => {
      const { value, trail } = await (purpose === "accept" ? fixture.newInstance() : fixture.instance("doomed"));
      const proof = hmac(value.machineSlug, value.instanceSlug);
      const confirmed = { ...body, hmacSha256OfMachineInstanceNameWithMachineNameKey: proof };
      return { params: { ...value }, body: confirmed, trail };
    },
    follow: async (session, { params }, fixture) => {
      await deletedIsGone(session, fixture.draft("getMachineInstance", { params }));
      await deletedIsGone(session, fixture.draft("getMachineInstanceAdmin", { params }));
      await deletedIsGone(session, fixture.draft("listMachineInstanceTransitions", { params }));
      await deletedIsGone(session, fixture.draft("sendMachineInstanceEvent", { params, body: { event: "FLIP" } }));
    },
  },
  queryMachineInstances: {
    needs: ["upload"],
    often: "freely",
    detail: async (_, fixture) => {
      const { machineSlug, index } = (await fixture.workshop()).value;
      return { params: { machineSlug, index }, trail: (await fixture.workshop()).trail };
    },
  },
  setDesiredMachineVersion: {
    needs: ["upload"],
    often: "rarely",
    detail: async (body, fixture) => {
      const { value: workshop, trail: before } = await fixture.workshop();
      const { machineSlug, fromVersion, toVersion } = workshop;
      const { value: instanceSlug, trail } = await fixture.shared("traveller", async () => {
        const slug = fixture.newName("traveller");
        const request = { params: { machineSlug }, body: { slug, machineVersionId: fromVersion }, trail: before };
        return { value: slug, trail: (await fixture.make("createMachineInstance", request)).trail };
      });
      return { params: { machineSlug, instanceSlug }, body: { ...body, targetMachineVersionId: toVersion }, trail };
    },
    watch: { operationId: "getMachineInstance", expects: "same" },
  },
};

/** The same event under a type that nobody reserves and no object inherits. */
function sendable(event: unknown): unknown {
  const type = typeof event === "string" ? event : (event as { type: string }).type;
  const isReserved = type === "" || type === "*" || /^(done|error|xstate|statebacked)\./.test(type) || type in {};
  const free = isReserved ? `E${type}` : type;
  return typeof event === "string" ? free : { ...(event as object), type: free };
}

const versions: { [operationId: string]: Plan } = {
  createMachineVersion: {
    needs: ["upload"],
    often: "freely",
    detail: async (body, fixture) => {
      const { value, trail } = await fixture.workshop();
      return { params: { machineSlug: value.machineSlug }, body, trail };
    },
  },
  finalizeMachineVersion: {
    needs: ["upload"],
    often: "rarely",
    detail: async (body, fixture, purpose) => {
      const { value: workshop, trail: before } = await fixture.workshop();
      const begin = () => fixture.beginVersion(workshop.machineSlug, "toggle", before);
      const begun = await (purpose === "accept" ? begin() : fixture.shared("version to finalize", begin));
      const params = { machineSlug: workshop.machineSlug, signedMachineVersionId: begun.value };
      // Any other text is no path, or of no index.
      const selected = "indexSelectors" in body ? { indexSelectors: { [workshop.index]: "$.public.note" } } : {};
      return { params, body: { ...body, ...selected }, trail: begun.trail };
    },
  },
  createMigration: {
    needs: ["upload"],
    often: "freely",
    detail: async (body, fixture) => {
      const { value, trail } = await fixture.workshop();
      const ids = { fromMachineVersionId: value.fromVersion, toMachineVersionId: value.toVersion };
      return { params: { machineSlug: value.machineSlug }, body: { ...body, ...ids }, trail };
    },
  },
  finalizeMigration: {
    needs: ["upload"],
    often: "rarely",
    detail: async (body, fixture, purpose) => {
      const { value: workshop, trail: before } = await fixture.workshop();
      const begin = () => fixture.beginMigration(workshop, before);
      const begun = await (purpose === "accept" ? begin() : fixture.shared("migration to finalize", begin));
      const params = { machineSlug: workshop.machineSlug, signedMachineVersionMigrationId: begun.value };
      return { params, body, trail: begun.trail };
    },
  },
  getLogs: ofCaller,
};

const mapped: Plan = {
  needs: ["upload", "xstate5"],
  often: "rarely",
  detail: async (_, fixture) => {
    const { value: machineSlug, trail } = await fixture.machine("mapped");
    return { params: { orgId: fixture.run.target.orgId, machineSlug, slug: "echo" }, trail };
  },
};
const httpApi = Object.fromEntries(
  ["Get", "Post", "Put", "Patch", "Delete", "Options", "Head"].map((method) => [`sendHttpApi${method}`, mapped]),
);

export const machinePlans: { readonly [operationId: string]: Plan } = {
  ...machines,
  ...instances,
  ...versions,
  ...httpApi,
};
