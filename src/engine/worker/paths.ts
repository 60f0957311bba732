// Paths of states, for both XStates alike: from a state value to its leaves and back, and what a history state remembers.

import type { Json } from "../../domain/json.ts";
import type { StateValue } from "../../domain/records.ts";
import type { Memory, Position, StatePath } from "../port.ts";

/** Where instances of one statechart rest, in terms that other versions understand. `persisted` is what its XState keeps beside the state value. */
export interface Positions {
  locate(value: StateValue, persisted: Json): Omit<Position, "context">;
  /**
   * What the paths leave open (a child of a compound state, a region of a parallel one) is at its initial state.
   * @throws when a path leads to no state here, or two lead to states that can't be active together
   */
  place(position: Omit<Position, "context">): { value: StateValue; persisted: Json };
}

/** What the state nodes of XState 4 and 5 have in common. */
export interface StateNode {
  path: string[];
  id: string;
  type: "atomic" | "compound" | "parallel" | "final" | "history";
  history?: "shallow" | "deep" | false;
  parent?: StateNode;
  states: { [key: string]: StateNode };
}

/** The leaf states of a state value. A statechart without states is its own leaf, at the empty path. */
export function leavesOf(value: StateValue, above: StatePath = []): StatePath[] {
  if (typeof value === "string") return [[...above, value]];
  const children = Object.entries(value);
  return children.length === 0 ? [above] : children.flatMap(([key, child]) => leavesOf(child, [...above, key]));
}

/** The part of a state value below a path; undefined where the path isn't active. */
export function valueAt(value: StateValue, path: StatePath): StateValue | undefined {
  let inner: StateValue | undefined = value;
  for (const key of path) {
    if (typeof inner === "string") inner = inner === key ? {} : undefined;
    else inner = inner !== undefined && Object.hasOwn(inner, key) ? inner[key] : undefined;
  }
  return inner;
}

/** The state at a path, history states aside. */
export function nodeAt(root: StateNode, path: StatePath): StateNode | undefined {
  let node: StateNode | undefined = root;
  for (const key of path) {
    node = node !== undefined && Object.hasOwn(node.states, key) ? node.states[key] : undefined;
    if (node?.type === "history") return undefined;
  }
  return node;
}

/** Every history state, in the order of the document. */
export function historyStates(node: StateNode): StateNode[] {
  return Object.values(node.states).flatMap((child) => (child.type === "history" ? [child] : historyStates(child)));
}

/** The path of the state whose children a history state remembers. */
export function parentOf({ path }: StateNode): StatePath {
  return path.slice(0, -1);
}

function isWithin(path: StatePath, outer: StatePath): boolean {
  return path.length > outer.length && outer.every((key, i) => path[i] === key);
}

/** @throws when one of the paths leads to no state */
export function assertStates(root: StateNode, { active, remembered }: Omit<Position, "context">): void {
  const paths = [...active, ...remembered.flatMap(({ leaves }) => leaves)];
  const unknown = paths.find((path) => !nodeAt(root, path));
  if (unknown) throw new Error(`the new version has no state ${shownPath(unknown)}`);
}

/**
 * The state value that paths together stand for, as far as they say: to be completed by XState's own means.
 * @param paths lead to states
 * @throws when two of them can't be active together
 */
export function stateValueOf(root: StateNode, paths: readonly StatePath[]): StateValue {
  const write = (node: StateNode, below: readonly StatePath[]): StateValue => {
    const depth = node.path.length;
    const deeper = below.filter((path) => path.length > depth);
    const byKey = new Map(deeper.map((path) => [path[depth] ?? "", path]));
    const [first, second] = [...byKey.values()];
    if (node.type === "compound" && first && second) {
      throw new Error(`the new version can't be in ${shownPath(first)} and ${shownPath(second)} at once`);
    }
    const children = [...byKey.keys()].map((key) => {
      const child = node.states[key] as StateNode; // every path was found above
      return [
        key,
        write(
          child,
          deeper.filter((path) => path[depth] === key),
        ),
      ] as const;
    });
    const [only] = children;
    // A compound state names a child that says no more by its key alone.
    if (node.type === "compound" && only && Object.keys(only[1]).length === 0) return only[0];
    return Object.fromEntries(children);
  };
  return write(root, paths);
}

/** How far the deepest of these paths reaches below a state. */
function heightOf(leaves: readonly StatePath[], above: StatePath): number {
  return Math.max(0, ...leaves.map((leaf) => leaf.length)) - above.length;
}

export function memoryOf(parent: StatePath, leaves: StatePath[]): Memory {
  return { parent, height: heightOf(leaves, parent), leaves };
}

/**
 * What a new history state remembers: the leaves within its parent, out of the memory of one old history state. That is the one with the same
 * parent, else the one whose parent lay as high above its leaves as the new one does, or nearly; of those the one nearest in depth.
 */
export function recalled(history: StateNode, remembered: readonly Memory[]): StatePath[] {
  const parent = parentOf(history);
  const candidates = remembered.flatMap((memory) => {
    const inside = memory.leaves.filter((path) => isWithin(path, parent));
    if (inside.length === 0) return [];
    const isSame = shownPath(memory.parent) === shownPath(parent);
    const rise = isSame ? -1 : Math.abs(memory.height - heightOf(inside, parent));
    return [{ inside, rise, shift: Math.abs(memory.parent.length - parent.length) }];
  });
  return candidates.toSorted((a, b) => a.rise - b.rise || a.shift - b.shift)[0]?.inside ?? [];
}

/** `["route","van"]`, as people write it in a migration. */
export function shownPath(path: unknown): string {
  return JSON.stringify(path) ?? String(path);
}
