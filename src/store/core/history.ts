// One instance's transitions: JSON texts in memory, or where those lie in the store's files.

import type { Transition } from "../../domain/records.ts";
import type { Page } from "../port.ts";
import { type Kept, type Segment, transitionPlace } from "./segment.ts";

/** Transitions that lie in a file one after the other, a line each. Never changed once its file is read or written. */
export interface Run {
  readonly segment: Segment;
  /** `seq` of the first line. */
  readonly first: number;
  readonly count: number;
  /** Of the first line, and of one after every `markEvery` lines or `markBytes` bytes: its `seq`, and where it starts. */
  readonly marks: readonly number[];
  /** Where the last line ends, what separates it from the next one left out. */
  readonly end: number;
}

/** What a history holds at a moment: first the run, then the loose texts. */
export interface HistoryView {
  /** Transitions up to this one are forgotten. */
  readonly forgotten: number;
  readonly run: Run | null;
  /** Of these, the first `looseCount` belong to the view. */
  readonly loose: readonly (string | Kept)[];
  readonly looseCount: number;
}

/** Lines between two marks are read together. */
const markEvery = 64;
const markBytes = 64 * 1024;

/** Notes a line that starts at `at`, where it is to be marked. */
export function mark(marks: number[], seq: number, at: number): void {
  const [lastSeq, lastAt] = [marks.at(-2), marks.at(-1)];
  const isFirst = lastSeq === undefined || lastAt === undefined;
  if (isFirst || seq - lastSeq >= markEvery || at - lastAt >= markBytes) marks.push(seq, at);
}

/** Lines of a run that are read together, from the mark at an index of `marks`. */
export function blockAt({ segment, marks, end }: Run, index: number): { seq: number; lines: Buffer } {
  const [seq, at, , next] = marks.slice(index, index + 4);
  const lines = segment.lines(at as number, next === undefined ? end : next - betweenLines);
  return { seq: seq as number, lines };
}
/** What separates two lines of a run. */
const betweenLines = ",\n".length;

export class History {
  #forgotten = 0;
  #run: { segment: Segment; first: number; count: number; marks: number[]; end: number } | null = null;
  /** Only ever grows; what makes it shorter makes a new one, since views hold on to it. */
  #loose: (string | Kept)[] = [];
  #last = 0;

  /** `seq` of the newest transition, 0 when there was none. */
  get last(): number {
    return this.#last;
  }

  /** Adds rows of which the first has `seq`. Throws when that leaves a gap. */
  append(seq: number, rows: readonly (string | Kept)[]): void {
    this.#assertNext(seq);
    for (const row of rows) this.#loose.push(row);
    this.#last += rows.length;
  }

  /** The same for a line from `at` to `end` in a file that is being read; `text` is where its record is. */
  appendLine(seq: number, at: number, end: number, text: Kept): void {
    this.#assertNext(seq);
    const run = this.#run;
    if (run === null && this.#last === this.#forgotten) {
      this.#run = { segment: text.segment, first: seq, count: 1, marks: [seq, at], end };
    } else if (run !== null && run.end + betweenLines === at && this.#loose.length === 0) {
      mark(run.marks, seq, at);
      run.count++;
      run.end = end;
    } else this.#loose.push(text);
    this.#last++;
  }

  /** Transitions up to `seq` are gone, whether or not they were ever here. */
  forget(seq: number): void {
    if (seq <= this.#forgotten) return;
    const firstLoose = this.#last - this.#loose.length + 1;
    if (seq >= firstLoose) this.#loose = this.#loose.slice(seq - firstLoose + 1);
    if (this.#run !== null && seq >= this.#run.first + this.#run.count - 1) this.#run = null;
    this.#forgotten = seq;
    if (seq > this.#last) this.#last = seq;
  }

  page(after: number, limit: number): Page<Transition> {
    const from = Math.max(this.#forgotten, after);
    const end = Math.min(from + limit, this.#last);
    const items = transitionsOf(this.view(), from + 1, end);
    return end < this.#last ? { items, next: end } : { items };
  }

  view(): HistoryView {
    return {
      forgotten: this.#forgotten,
      run: this.#run,
      loose: this.#loose,
      looseCount: this.#loose.length,
    };
  }

  /** The texts of a view are elsewhere now: all of them in the run. What came since stays, told by `moved` where it is. */
  move(view: HistoryView, run: Run | null, moved: (kept: Kept) => Kept): void {
    const isForgotten = run !== null && this.#forgotten >= run.first + run.count - 1;
    this.#run = run === null || isForgotten ? null : { ...run, marks: [...run.marks] };
    const since = this.#last - lastOf(view);
    const loose = since === 0 ? [] : this.#loose.slice(-since); // all of them, where what was forgotten since left fewer
    this.#loose = loose.map((row) => (typeof row === "string" ? row : moved(row)));
  }

  /** Rows that came after a view was taken are elsewhere now; of a history that is not in it. */
  relocate(moved: (kept: Kept) => Kept): void {
    if (this.#loose.length > 0) this.#loose = this.#loose.map((row) => (typeof row === "string" ? row : moved(row)));
  }

  #assertNext(seq: number): void {
    if (seq === this.#last + 1) return;
    throw new Error(`transition ${seq} does not continue a history that ends at ${this.#last}`);
  }
}

export function lastOf(view: HistoryView): number {
  return lastInRun(view) + view.looseCount;
}

/** `seq` of the last transition before the loose ones. */
function lastInRun({ forgotten, run }: HistoryView): number {
  return run === null ? forgotten : Math.max(forgotten, run.first + run.count - 1);
}

/** The transitions from one `seq` to another, both included, which the view must hold. */
export function transitionsOf(view: HistoryView, from: number, to: number): Transition[] {
  const { run, loose } = view;
  const last = lastInRun(view);
  const items: Transition[] = [];
  if (run !== null && from <= last) {
    for (const text of textsIn(run, from, Math.min(to, last))) items.push(JSON.parse(text));
  }
  for (let seq = Math.max(from, last + 1); seq <= to; seq++) {
    const row = loose[seq - last - 1] as string | Kept;
    items.push(JSON.parse(typeof row === "string" ? row : textOf(row, seq)));
  }
  return items;
}

function textOf({ segment, at, bytes }: Kept, seq: number): string {
  return segment.text(at, bytes, transitionPlace(seq)).toString();
}

/** The texts of some lines of a run, read a block at a time. */
function* textsIn(run: Run, from: number, to: number): Generator<string> {
  for (let index = markBefore(run, from); index < run.marks.length; index += 2) {
    const { seq: first, lines } = blockAt(run, index);
    if (first > to) return;
    for (const [n, line] of lines.toString().split("\n").entries()) {
      const seq = first + n;
      if (seq >= from && seq <= to) yield textInLine(run.segment, line, seq);
    }
  }
}

/** The index of the last mark at or before a line. */
function markBefore({ marks }: Run, seq: number): number {
  let low = 0;
  let high = marks.length / 2 - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((marks[2 * middle] as number) <= seq) low = middle;
    else high = middle - 1;
  }
  return 2 * low;
}

function textInLine(segment: Segment, line: string, seq: number): string {
  const place = transitionPlace(seq);
  const before = `${place},"rec":`;
  const at = line.indexOf(before); // inside a JSON string its quotes would be escaped: the first is the real one
  if (at === -1) throw segment.changed(place);
  return line.slice(at + before.length, line.endsWith(",") ? -2 : -1);
}
