// Where instances of an XState 4 machine rest, and how one that migrations led here is written down.
//
// XState 4 keeps a tree of all compound states, each with the value in which it was last left, as soon as anything has happened at all.

import { updateHistoryValue } from "xstate4/lib/utils.js";
import type { JsonObject } from "../../domain/json.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { StateValue } from "../../domain/records.ts";
import type { Memory } from "../port.ts";
import type { Positions, StateNode } from "./paths.ts";
import { assertStates, historyStates, leavesOf, memoryOf, parentOf, recalled, stateValueOf, valueAt } from "./paths.ts";

/** The machine is its own root. */
interface Root4 extends StateNode {
  resolve(value: StateValue): StateValue;
  historyValue(value: StateValue): HistoryTree | undefined;
}
interface HistoryTree {
  current: StateValue;
  states: { [key: string]: HistoryTree | undefined };
}
const updated = updateHistoryValue as unknown as (tree: HistoryTree, value: StateValue) => HistoryTree;

export function positions4(machine: unknown): Positions {
  const root = machine as Root4;
  const histories = historyStates(root);
  return {
    locate: (value, persisted) => {
      const tree = isJsonObject(persisted) ? (persisted.historyValue as unknown as HistoryTree) : undefined;
      const parents = new Set(histories.flatMap((history) => history.parent ?? []));
      const remembered = [...parents].flatMap(({ path }) => {
        const left = treeAt(tree, path)?.current;
        return left === undefined ? [] : [memoryOf(path, leavesOf(left, path))];
      });
      return { active: leavesOf(value), remembered };
    },
    place: (position) => {
      assertStates(root, position);
      const { active, remembered } = position;
      const value = root.resolve(stateValueOf(root, active));
      return { value, persisted: persistedOf(root, histories, value, remembered) };
    },
  };
}

function treeAt(tree: HistoryTree | undefined, path: readonly string[]): HistoryTree | undefined {
  return path.reduce<HistoryTree | undefined>((inner, key) => inner?.states[key], tree);
}

function persistedOf(root: Root4, histories: StateNode[], value: StateValue, remembered: Memory[]): JsonObject {
  const tree = root.historyValue(value);
  const known = histories.filter((history) => {
    const parent = parentOf(history);
    const leaves = recalled(history, remembered);
    const inner = treeAt(tree, parent);
    // A state that is active remembers where it is now.
    if (leaves.length === 0 || !inner || valueAt(value, parent) !== undefined) return false;
    const left = valueAt(root.resolve(stateValueOf(root, leaves)), parent);
    if (left !== undefined) Object.assign(inner, updated(inner, left));
    return true;
  });
  return known.length === 0 ? {} : { historyValue: tree as unknown as JsonObject };
}
