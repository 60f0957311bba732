// What stands for what: values that two implementations made up each in its own way, learned from their answers to the same requests.

import { isMade } from "../record/volatile.ts";
import { isObject } from "../traffic.ts";

/** Places whose values are the service's own, whatever they look like. */
const ownPlaces = /\/(cursor|machineVersionId|machineVersionMigrationId|id|keyId|codeUploadUrl|access_token|key|url)$/;

/** Places that may say anything: sentences, moments, an upload form's own fields. */
const freePlaces =
  /\/(codeUploadFields|error|error_description|ts|createdAt|updatedAt|timestamp|maxTimestamp|parameter)$/;

/** Lists without an order that all implementations share; the others are compared entry by entry. */
const unordered = /^\/(machines|instances|versions|keys|orgs|idps|tokenProviders)$|\/tags$|\/scopes$/;

/** What machines and clients make is theirs to name: there, only what looks made up may differ. */
const theirs = /^(\/\w+(\/\d+)?)?\/(publicContext|context|state|event|mapping)\//;

export class Bijection {
  readonly #there = new Map<string, string>();
  readonly #back = new Map<string, string>();

  /** The second one's value for one of the first. */
  translate(text: string): string {
    return this.#there.get(text) ?? text;
  }

  /** Every known value within a text, the longest first. */
  translateWithin(text: string): string {
    const known = [...this.#there].filter(([value]) => value.length >= 8 && text.includes(value));
    return known
      .toSorted(([a], [b]) => b.length - a.length)
      .reduce((rest, [from, to]) => rest.replaceAll(from, to), text);
  }

  translateAll(value: unknown): unknown {
    if (typeof value === "string") return this.translate(value);
    if (Array.isArray(value)) return value.map((item) => this.translateAll(item));
    if (!isObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, this.translateAll(item)]));
  }

  /** Where two answers differ that should not, and how; null when they say the same. What they made up is learned on the way. */
  compare(first: unknown, second: unknown, place = ""): string | null {
    if (freePlaces.test(place) && !theirs.test(place))
      return typeof first === typeof second ? null : differ(place, first, second);
    if (typeof first === "string" && typeof second === "string") return this.#compareTexts(first, second, place);
    if (Array.isArray(first) && Array.isArray(second)) return this.#compareLists(first, second, place);
    if (!isObject(first) || !isObject(second)) return first === second ? null : differ(place, first, second);
    const names = new Set([...Object.keys(first), ...Object.keys(second)]);
    for (const name of names) {
      const found = this.compare(first[name], second[name], `${place}/${name}`);
      if (found !== null) return found;
    }
    return null;
  }

  #compareTexts(first: string, second: string, place: string): string | null {
    const [there, back] = [this.#there.get(first), this.#back.get(second)];
    if (there !== undefined || back !== undefined) {
      if (there === second && back === first) return null;
      if (there === undefined && first === second) return null;
      return `${differ(place, first, second)}; before, ${there === undefined ? `${back} stood for ${second}` : `${first} stood for ${there}`}`;
    }
    const isOwn = (ownPlaces.test(place) && !theirs.test(place)) || (isMade(first) && isMade(second));
    if (isOwn) this.#learn(first, second);
    else if (first !== second) return differ(place, first, second);
    return null;
  }

  #learn(first: string, second: string): void {
    this.#there.set(first, second);
    this.#back.set(second, first);
  }

  #compareLists(first: unknown[], second: unknown[], place: string): string | null {
    if (first.length !== second.length)
      return `${place || "the body"} has ${first.length} entries at the first and ${second.length} at the second`;
    const order = unordered.test(place)
      ? (list: unknown[], value: (item: unknown) => unknown) =>
          list.toSorted((a, b) => (nameOf(value(a)) < nameOf(value(b)) ? -1 : 1))
      : (list: unknown[]) => list;
    const [ours, theirs] = [order(first, (item) => this.translateAll(item)), order(second, (item) => item)];
    for (const [i, item] of ours.entries()) {
      const found = this.compare(item, theirs[i], `${place}/${i}`);
      if (found !== null) return found;
    }
    return null;
  }
}

/** What an entry of a list is known by. */
function nameOf(entry: unknown): string {
  if (!isObject(entry)) return String(entry);
  return String(entry.slug ?? entry.service ?? entry.name ?? entry.id ?? JSON.stringify(entry));
}

function differ(place: string, first: unknown, second: unknown): string {
  const show = (value: unknown) => (value === undefined ? "absent" : (JSON.stringify(value) ?? "absent").slice(0, 300));
  return `${place || "the body"} is ${show(first)} at the first and ${show(second)} at the second`;
}
