// The machines of contracts/machines on the target: published when first needed, or deployed there before, as the profile says.

import type { Contracts, Step, XStateVersion } from "../contracts.ts";
import type { Profile } from "../profile.ts";

export interface Published {
  slug: string;
  /** The curl lines that published it. */
  trail: string[];
}

export interface Machines {
  /** The machine under a slug that all of the run shares; null when publishing it failed, which is told under the rules of publishing. */
  get(machine: string, version: XStateVersion): Promise<Published | null>;
  /** The slug, if the machine was asked for before and published. */
  slugOf(machine: string, version: XStateVersion): string | undefined;
}

export interface MachinesOptions {
  profile: Profile;
  newName: (hint: string) => string;
  /** Runs steps that publish, `{slug}` being the machine's; false: a claim of theirs was broken. */
  publish: (
    steps: Step[],
    slug: string,
    machine: string,
    version: XStateVersion,
  ) => Promise<{ isWhole: boolean; trail: string[] }>;
}

export function createMachines({ profile, newName, publish }: MachinesOptions): Machines {
  const known = new Map<string, Promise<Published | null>>();
  const slugs = new Map<string, string>();

  async function publishNow(machine: string, version: XStateVersion): Promise<Published | null> {
    const key = `${machine}.${version}`;
    const deployed = profile.machines?.[machine]?.[`v${version}`];
    if (deployed !== undefined) {
      slugs.set(key, deployed);
      return { slug: deployed, trail: [] };
    }
    if (!profile.capabilities.includes("upload")) return null;
    const slug = newName(machine);
    const { isWhole, trail } = await publish(publishing(machine), slug, machine, version);
    if (!isWhole) return null;
    slugs.set(key, slug);
    return { slug, trail };
  }

  return {
    get(machine, version) {
      const key = `${machine}.${version}`;
      const published = known.get(key) ?? publishNow(machine, version);
      known.set(key, published);
      return published;
    },
    slugOf: (machine, version) => slugs.get(`${machine}.${version}`),
  };
}

/** Whether the target can have the machine at all: why not, or null. */
export function lackOfMachine(
  machine: string,
  version: XStateVersion,
  contracts: Contracts,
  profile: Profile,
): string | null {
  if (profile.machines?.[machine]?.[`v${version}`] !== undefined) return null;
  if (!profile.capabilities.includes("upload")) {
    return `needs the machine ${machine} (XState ${version}), and the profile names no deployed one that stands for it`;
  }
  return contracts.machines.get(machine)?.has(version)
    ? null
    : `the machine ${machine} is not written for XState ${version}`;
}

/** How a machine is published; its steps are claims like any others. */
const publishing = (machine: string): Step[] => [
  {
    send: "createMachine",
    body: { slug: "{slug}" },
    expect: [{ rule: "SB-MACHINE-CREATE-201", status: 201 }],
  },
  {
    send: "createMachineVersion",
    params: { machineSlug: "{slug}" },
    expect: [{ rule: "SB-VERSION-CREATE-200-INSTRUCTIONS", status: 200 }],
    save: { instructions: "", signedId: "/machineVersionId" },
  },
  {
    upload: "{instructions}",
    code: machine,
    expect: [{ rule: "SB-VERSION-UPLOAD-2XX", status: [200, 201, 202, 204] }],
  },
  {
    send: "finalizeMachineVersion",
    params: { machineSlug: "{slug}", signedMachineVersionId: "{signedId}" },
    body: { makeCurrent: true },
    expect: [{ rule: "SB-VERSION-FINALIZE-200", status: 200 }],
  },
];
