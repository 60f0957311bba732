// What of salvaged rows makes a store that a server can go on with: by the same rules as a state document's records.

import type { JsonObject } from "../../domain/json.ts";
import type { Machine } from "../../domain/records.ts";
import type { NewRow } from "../../store/port.ts";
import { References } from "./references.ts";
import { isInPlaceOfLost, type Remade, type Remnants, remake } from "./remake.ts";
import { entryCheck } from "./schema.ts";

interface Fitting {
  rows: NewRow[];
  /** Code that rows name and that is to be put beside them. */
  codes: string[];
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

/** Rows in the order of a store. What is lost and can be made anew is, so that what belongs to it is not lost with it. */
export function fitRows(salvaged: readonly NewRow[], remnants: Remnants): Fitting {
  const remade = remake(salvaged, remnants);
  const givenUp = [...remade.told];
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
  const usable = rows.flatMap((row) => (row.kind === "version" && !isInPlaceOfLost(row.rec) ? [row] : []));
  const versions = new Set(usable.map(({ scope, name }) => `${scope}/${name}`));
  return { rows: rows.map((row) => withoutLostVersion(row, versions, givenUp)), codes: remade.codes, givenUp };
}

function inOrder(rows: readonly NewRow[], { orgs, machines, versions }: Remade): NewRow[] {
  const of = (...some: NewRow["kind"][]) => rows.filter(({ kind }) => some.includes(kind));
  const early = ["bootstrap", "org", "key", "machine", "version"] as const;
  return [
    ...of("bootstrap"),
    ...orgs.map((rec): NewRow => ({ kind: "org", scope: "", name: rec.id, rec })),
    ...of("org", "key", "machine"),
    ...machines.map((rec): NewRow => ({ kind: "machine", scope: rec.orgId, name: rec.slug, rec })),
    ...of("version"),
    ...versions.map((rec): NewRow => ({ kind: "version", scope: `${rec.orgId}/${rec.machine}`, name: rec.id, rec })),
    ...rows.filter(({ kind }) => !early.some((one) => one === kind)),
  ];
}

/** A machine whose current version is lost has none, like one that nothing was published for. */
function withoutLostVersion(row: NewRow, versions: ReadonlySet<string>, givenUp: string[]): NewRow {
  if (row.kind !== "machine" || row.rec.currentVersionId === undefined) return row;
  const { currentVersionId, ...rec } = row.rec;
  if (versions.has(`${row.scope}/${row.name}/${currentVersionId}`)) return row;
  givenUp.push(`the current version ${currentVersionId} of machine ${row.name}: publish it again`);
  return { ...row, rec: rec satisfies Machine };
}
