// Whether the records of a state document fit together: what each of them names has to stand before it.

import type { Machine, Migration, Org, Version, Work } from "../../domain/records.ts";
import type { NewRow } from "../../store/port.ts";

/** Says what is wrong; null when nothing is. */
export class References {
  readonly #orgs = new Set<string>();
  /** By the scope of what belongs to them. */
  readonly #machines = new Map<string, Machine>();
  readonly #versions = new Set<string>();
  readonly #instances = new Set<string>();
  readonly #codes = new Set<string>();
  /** The instance whose transitions may follow: the newest so far, and the newest that there has to be. */
  #last: { place: string; seq: number; expected: number } | null = null;

  noteCode(sha256: string): void {
    this.#codes.add(sha256);
  }

  /** Every row, in order. */
  wrongWith(row: NewRow): string | null {
    const wrong = this.#wrongWith(row);
    if (wrong === null && row.kind === "instance") this.#instances.add(`${row.scope}/${row.name}`);
    return wrong;
  }

  #wrongWith(row: NewRow): string | null {
    if (row.kind !== "transition") {
      const short = this.#wrongWithLast();
      this.#last = null;
      if (short !== null) return short;
    }
    switch (row.kind) {
      case "bootstrap":
        return null;
      case "org":
        this.#orgs.add((row.rec as Org).id);
        return null;
      case "invitation":
        return this.#wrongOrg(row.rec.orgId);
      case "machine": {
        const wrong = this.#wrongOrg(row.scope);
        if (wrong === null) this.#machines.set(`${row.scope}/${row.name}`, row.rec);
        return wrong;
      }
      case "version": {
        const wrong = this.#wrongMachine(row.scope) ?? this.#wrongCode(row.rec);
        if (wrong === null) this.#versions.add(`${row.scope}/${row.name}`);
        return wrong;
      }
      case "migration":
        return (
          this.#wrongMachine(row.scope) ??
          this.#wrongVersion(row.scope, row.rec.fromVersionId) ??
          this.#wrongVersion(row.scope, row.rec.toVersionId) ??
          this.#wrongCode(row.rec)
        );
      case "instance": {
        const { versionId, desiredVersionId = versionId, transitionCount } = row.rec;
        const wrong =
          this.#wrongMachine(row.scope) ??
          this.#wrongVersion(row.scope, versionId) ??
          this.#wrongVersion(row.scope, desiredVersionId);
        if (wrong === null) this.#last = { place: `${row.scope}/${row.name}`, seq: 0, expected: transitionCount };
        return wrong;
      }
      case "transition": {
        const place = `${row.scope}/${row.name}`;
        if (this.#last?.place !== place) return `the instance ${row.name} has to stand right before its transitions`;
        const { seq } = row.rec;
        const before = this.#last.seq;
        this.#last.seq = seq;
        // Those before the first one were forgotten.
        return before === 0 || seq === before + 1 ? null : `its seq must be ${before + 1}, and not ${seq}`;
      }
      case "work":
        return this.#wrongOrg(row.rec.orgId) ?? this.#wrongOwner(row.scope, row.rec);
      default:
        return this.#wrongOrg(row.scope.split("/")[0] ?? "");
    }
  }

  /** After the last row. */
  wrongAtEnd(): string | null {
    const short = this.#wrongWithLast();
    if (short !== null) return short;
    for (const [scope, { slug, currentVersionId }] of this.#machines) {
      if (currentVersionId !== undefined && !this.#versions.has(`${scope}/${currentVersionId}`)) {
        return `the machine ${slug} has no version ${currentVersionId}, which is its currentVersionId`;
      }
    }
    return null;
  }

  #wrongWithLast(): string | null {
    if (this.#last === null || this.#last.seq === this.#last.expected) return null;
    const { place, seq, expected } = this.#last;
    const name = place.slice(place.indexOf("/") + 1);
    const what = seq === 0 ? "no transitions" : `a newest transition ${seq}`;
    return `the instance ${name} before it has transitionCount ${expected}, and ${what}`;
  }

  #wrongOrg(orgId: string): string | null {
    return this.#orgs.has(orgId) ? null : `its organization ${orgId} has to stand before it`;
  }

  #wrongMachine(scope: string): string | null {
    if (this.#machines.has(scope)) return null;
    return `its machine ${scope.slice(scope.indexOf("/") + 1)} has to stand before it`;
  }

  /** Timers go with their instance; what others have sent comes to nothing where it finds nobody. */
  #wrongOwner(scope: string, { instance, task }: Work): string | null {
    if (task.kind !== "timer" || this.#instances.has(scope)) return null;
    return `its instance ${instance} has to stand before it`;
  }

  #wrongVersion(scope: string, id: string): string | null {
    return this.#versions.has(`${scope}/${id}`) ? null : `the version ${id} of its machine has to stand before it`;
  }

  #wrongCode({ codeSha256 }: Version | Migration): string | null {
    return this.#codes.has(codeSha256) ? null : `its code ${codeSha256} has to stand before it`;
  }
}
