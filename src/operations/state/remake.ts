// Makes anew what a damaged store lost and what is left of it needs: organizations, machines, and the versions that instances run.

import { createHash } from "node:crypto";
import type { Machine, Org, Version } from "../../domain/records.ts";
import type { NewRow } from "../../store/port.ts";

/** What is left beside the records that could be read. */
export interface Remnants {
  /** Lines that are no records any more. */
  lines: readonly string[];
  /** Of all code that is there, the SHA-256. */
  codes: ReadonlySet<string>;
}

export interface Remade {
  orgs: Org[];
  machines: Machine[];
  versions: Version[];
  /** Code that stands for lost code, and says so when it is loaded. */
  codes: string[];
  /** What was lost, and what it is now, a line each. */
  told: string[];
}

export function remake(rows: readonly NewRow[], remnants: Remnants): Remade {
  const made: Remade = { orgs: [], machines: [], versions: [], codes: [], told: [] };
  const ofCode = rows.flatMap((row) => (row.kind === "version" ? [row.rec] : []));
  remakeVersions(rows, ofCode, remnants, made);
  const usable = [...ofCode, ...made.versions.filter((version) => !isInPlaceOfLost(version))];
  for (const { orgId, slug, createdAt } of lostMachines(rows)) {
    const versions = usable.filter((version) => version.orgId === orgId && version.machine === slug);
    made.machines.push(remadeMachine({ orgId, slug, createdAt, indexes: [] }, versions, remnants, made.told));
  }
  for (const org of lostOrgs(rows, made.machines)) {
    made.orgs.push(org);
    made.told.unshift(`the record of organization ${org.id}, which is made anew`);
  }
  return made;
}

/** By what is left of their lines. Of those that have none, only what instances run is made anew. */
function remakeVersions(rows: readonly NewRow[], known: readonly Version[], remnants: Remnants, made: Remade): void {
  const add = (version: Version, how: string) => {
    made.versions.push(version);
    made.told.push(`the record of version ${version.id} of machine ${version.machine}, ${how}`);
  };
  const bare: LostVersion[] = [];
  for (const lost of lostVersions(rows, known)) {
    const version = fromLine(lost, remnants);
    if (version !== null) add(version, "which is made anew of what is left of its line");
    else if (lost.isRun) bare.push(lost);
  }
  const unnamed = unnamedCodes([...rows, ...made.versions.map((rec) => ({ rec }))], remnants);
  const [only] = bare.length === 1 && unnamed.length === 1 ? unnamed : [];
  for (const { isRun: _, ...lost } of bare) {
    if (only === undefined) {
      const mend = "write the code into an exported state, in the place of the text that says that it is lost";
      add(
        inItsPlace(lost, made.codes),
        `and which code it had: its instances are kept, and stand still until you ${mend}`,
      );
    } else {
      const version = {
        ...lost,
        clientInfo: "",
        indexSelectors: {},
        codeSha256: only,
        xstate: known.at(-1)?.xstate ?? 5,
      };
      add(version, `which is made anew: its code is taken to be ${only}, the only one that no other record names`);
    }
  }
}

const sha256Pattern = /^[0-9a-f]{64}$/;

/** Code that is there and that nothing which is left names. */
function unnamedCodes(rows: readonly { rec: object }[], { codes }: Remnants): string[] {
  const named = new Set(rows.flatMap(({ rec }) => ("codeSha256" in rec ? [rec.codeSha256] : [])));
  return [...codes].filter((sha256) => sha256Pattern.test(sha256) && !named.has(sha256));
}

/** Whether its code is lost, and something else stands in its place. */
export function isInPlaceOfLost({ clientInfo }: Version): boolean {
  return clientInfo === madeByRepair;
}

const madeByRepair = "settle store repair: the code is lost";

interface LostVersion {
  id: string;
  orgId: string;
  machine: string;
  createdAt: number;
  /** Whether instances need it. */
  isRun: boolean;
}

function lostVersions(rows: readonly NewRow[], known: readonly Version[]): LostVersion[] {
  const lost = new Map<string, LostVersion>();
  const there = new Set(known.map(({ orgId, machine, id }) => `${orgId}/${machine}/${id}`));
  const need = (id: string | undefined, { orgId, machine, createdAt, isRun }: Omit<LostVersion, "id">) => {
    const key = `${orgId}/${machine}/${id}`;
    if (id === undefined || there.has(key)) return;
    const { createdAt: before = createdAt, isRun: wasRun = false } = lost.get(key) ?? {};
    lost.set(key, { id, orgId, machine, createdAt: Math.min(before, createdAt), isRun: isRun || wasRun });
  };
  for (const row of rows) {
    if (row.kind === "machine") need(row.rec.currentVersionId, { ...row.rec, machine: row.rec.slug, isRun: false });
    if (row.kind !== "instance") continue;
    need(row.rec.versionId, { ...row.rec, isRun: true });
    need(row.rec.desiredVersionId, { ...row.rec, isRun: true });
  }
  return [...lost.values()];
}

/** Null when its line is gone, or doesn't say which code it was any more. */
function fromLine({ isRun: _, ...lost }: LostVersion, { lines, codes }: Remnants): Version | null {
  const line = lines.find((text) => text.includes(`"id":${JSON.stringify(lost.id)}`)) ?? "";
  const codeSha256 = /"codeSha256":"([0-9a-f]{64})"/.exec(line)?.[1];
  const xstate = /"xstate":([45])\b/.exec(line)?.[1];
  if (codeSha256 === undefined || !codes.has(codeSha256) || xstate === undefined) return null;
  const indexSelectors = parsed(/"indexSelectors":(\{[^{}]*\})/.exec(line)?.[1]) ?? {};
  const createdAt = Number(/"createdAt":(\d+)/.exec(line)?.[1] ?? lost.createdAt);
  const selectors = indexSelectors as Version["indexSelectors"];
  return { ...lost, createdAt, clientInfo: "", indexSelectors: selectors, codeSha256, xstate: xstate === "4" ? 4 : 5 };
}

/** Its instances can be looked at and exported; what would run them says what happened. */
function inItsPlace(lost: Omit<LostVersion, "isRun">, codes: string[]): Version {
  const mend = "Export the state (settle store export), write the code in the place of this text, and import that.";
  const message = `The code of version ${lost.id} of machine ${lost.machine} was lost. ${mend}`;
  const code = `throw new Error(${JSON.stringify(message)});\n`;
  codes.push(code);
  const codeSha256 = createHash("sha256").update(code).digest("hex");
  return { ...lost, clientInfo: madeByRepair, indexSelectors: {}, codeSha256, xstate: 5 };
}

function lostMachines(rows: readonly NewRow[]): Pick<Machine, "orgId" | "slug" | "createdAt">[] {
  const there = new Set(rows.flatMap(({ kind, scope, name }) => (kind === "machine" ? [`${scope}/${name}`] : [])));
  const lost = new Map<string, Pick<Machine, "orgId" | "slug" | "createdAt">>();
  for (const row of rows) {
    if ((row.kind !== "version" && row.kind !== "instance") || there.has(row.scope)) continue;
    const { orgId, machine: slug, createdAt } = row.rec;
    const before = lost.get(row.scope)?.createdAt ?? createdAt;
    lost.set(row.scope, { orgId, slug, createdAt: Math.min(before, createdAt) });
  }
  return [...lost.values()];
}

/** By what is left of its line, or else by its versions. */
function remadeMachine(bare: Machine, versions: readonly Version[], { lines }: Remnants, told: string[]): Machine {
  const line = lines.find(
    (text) => text.includes(`"slug":${JSON.stringify(bare.slug)}`) && text.includes('"indexes":'),
  );
  const said = /"currentVersionId":"([^"\\]+)"/.exec(line ?? "")?.[1];
  const isThere = versions.some(({ id }) => id === said);
  const newest = [...versions].sort((a, b) => a.createdAt - b.createdAt).at(-1)?.id;
  const current = isThere ? said : newest;
  const names = parsed(/"indexes":(\[[^\]]*\])/.exec(line ?? "")?.[1]);
  const selected = versions.flatMap(({ indexSelectors }) => Object.keys(indexSelectors));
  const indexes = Array.isArray(names) ? names.filter((name) => typeof name === "string") : [...new Set(selected)];
  const what = `the record of machine ${bare.slug}, which is made anew`;
  if (current === undefined) told.push(`${what}, without a current version: publish it again`);
  else if (isThere) told.push(`${what} of what is left of its line: its current version is ${current}`);
  else told.push(`${what}: its current version is taken to be ${current}, the newest that is there`);
  return { ...bare, indexes, ...(current === undefined ? {} : { currentVersionId: current }) };
}

/** Those that keys and machines, or the store's credentials, belong to. */
function lostOrgs(rows: readonly NewRow[], machines: readonly Machine[]): Org[] {
  const known = new Set(rows.flatMap(({ kind, name }) => (kind === "org" ? [name] : [])));
  const lost = new Map<string, Org>();
  const need = (id: string, createdAt: number) => {
    if (!known.has(id) && !lost.has(id)) lost.set(id, { id, name: "repaired", createdAt });
  };
  for (const { kind, rec } of rows) {
    if (kind === "bootstrap") need(rec.orgId, 0);
    else if (kind === "key" || kind === "machine") need(rec.orgId, rec.createdAt);
  }
  for (const { orgId, createdAt } of machines) need(orgId, createdAt);
  return [...lost.values()];
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
