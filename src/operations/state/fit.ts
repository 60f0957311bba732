// What of salvaged rows makes a store that a server can go on with: by the same rules as a state document's records.

import type { JsonObject } from "../../domain/json.ts";
import type { Machine, Org } from "../../domain/records.ts";
import type { NewRow } from "../../store/port.ts";
import { References } from "./references.ts";
import { entryCheck } from "./schema.ts";

interface Fitting {
  rows: NewRow[];
  /** What is given up, a line each. */
  givenUp: string[];
}

/** Says what is wrong with a row by itself; null when nothing is. */
export function createRowCheck(): (row: NewRow) => string | null {
  const check = entryCheck();
  return (row) => {
    const rec = row.rec as unknown as JsonObject;
    if (row.kind === "upload") return null; // documents leave them out
    if (row.kind === "bootstrap")
      return check("credentials", { bootstrap: rec, org: { id: "x", name: "", createdAt: 0 } });
    if (row.kind !== "transition") return check(row.kind, rec);
    const machine = row.scope.slice(row.scope.indexOf("/") + 1);
    return check("transition", { machine, instance: row.name, ...rec });
  };
}

/** Rows in the order of a store. Organizations are made anew where their record is lost, so that what is theirs is not lost with it. */
export function fitRows(salvaged: readonly NewRow[]): Fitting {
  const givenUp: string[] = [];
  const remade = lostOrgs(salvaged);
  for (const { id } of remade) givenUp.push(`the record of organization ${id}, which is made anew`);
  const references = new References();
  const rows: NewRow[] = [];
  let owner: NewRow | null = null;
  for (const row of inOrder(salvaged, remade)) {
    if (row.kind === "transition") {
      // They go with their instance.
      if (owner === null || owner.scope !== row.scope || owner.name !== row.name) continue;
    } else owner = null;
    if (row.kind === "version" || row.kind === "migration") references.noteCode(row.rec.codeSha256); // told by the check
    const wrong = references.wrongWith(row);
    if (wrong !== null) {
      givenUp.push(`${row.kind} ${JSON.stringify(row.name)} in ${JSON.stringify(row.scope)}: ${wrong}`);
      continue;
    }
    if (row.kind === "instance") owner = row;
    rows.push(row);
  }
  const versions = new Set(rows.flatMap(({ kind, scope, name }) => (kind === "version" ? [`${scope}/${name}`] : [])));
  return { rows: rows.map((row) => withoutLostVersion(row, versions, givenUp)), givenUp };
}

function inOrder(rows: readonly NewRow[], orgs: readonly Org[]): NewRow[] {
  const bootstrap = rows.filter(({ kind }) => kind === "bootstrap");
  const added = orgs.map((rec): NewRow => ({ kind: "org", scope: "", name: rec.id, rec }));
  return [...bootstrap, ...added, ...rows.filter(({ kind }) => kind !== "bootstrap")];
}

/** Those that keys and machines, or the store's credentials, belong to. */
function lostOrgs(rows: readonly NewRow[]): Org[] {
  const known = new Set(rows.flatMap(({ kind, name }) => (kind === "org" ? [name] : [])));
  const lost = new Map<string, Org>();
  for (const row of rows) {
    if (row.kind !== "bootstrap" && row.kind !== "key" && row.kind !== "machine") continue;
    const { orgId: id } = row.rec;
    const createdAt = row.kind === "bootstrap" ? 0 : row.rec.createdAt;
    if (!known.has(id) && !lost.has(id)) lost.set(id, { id, name: "repaired", createdAt });
  }
  return [...lost.values()];
}

/** A machine whose current version is lost has none, like one that nothing was published for. */
function withoutLostVersion(row: NewRow, versions: ReadonlySet<string>, givenUp: string[]): NewRow {
  if (row.kind !== "machine" || row.rec.currentVersionId === undefined) return row;
  const { currentVersionId, ...rec } = row.rec;
  if (versions.has(`${row.scope}/${row.name}/${currentVersionId}`)) return row;
  givenUp.push(`the current version ${currentVersionId} of machine ${row.name}: publish it again`);
  return { ...row, rec: rec satisfies Machine };
}
