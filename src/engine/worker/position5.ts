// Where instances of an XState 5 machine rest, and how one that migrations led here is written down.
//
// XState 5 keeps, under the id of each history state, the ids of what it remembers: leaves when it is deep, children of its parent when not.

import type { JsonObject } from "../../domain/json.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { StateValue } from "../../domain/records.ts";
import type { Memory, StatePath } from "../port.ts";
import type { Positions, StateNode } from "./paths.ts";
import {
  assertStates,
  historyStates,
  leavesOf,
  memoryOf,
  nodeAt,
  parentOf,
  recalled,
  stateValueOf,
  valueAt,
} from "./paths.ts";

interface Machine5 {
  root: StateNode;
  idMap: Map<string, StateNode>;
  resolveState(config: { value: StateValue; context: object }): { value: StateValue; status: string };
}

export function positions5(given: unknown): Positions {
  const machine = given as Machine5;
  const { root } = machine;
  const histories = historyStates(root);
  const complete = (paths: StatePath[]) => machine.resolveState({ value: stateValueOf(root, paths), context: {} });

  /** A shallow one doesn't know the leaves: entering what it remembers leads to the initial ones. */
  function memoryOfState(history: StateNode, kept: readonly { id: string }[]): Memory {
    const parent = parentOf(history);
    const inside = valueAt(complete(kept.flatMap(({ id }) => pathsOf(machine, id))).value, parent);
    return memoryOf(parent, inside === undefined ? [] : leavesOf(inside, parent));
  }

  function idsOf(history: StateNode, leaves: StatePath[]): { id: string }[] {
    const parent = parentOf(history);
    const inside = valueAt(complete(leaves).value, parent) ?? {};
    const children = typeof inside === "string" ? [inside] : Object.keys(inside);
    const paths = history.history === "deep" ? leavesOf(inside, parent) : children.map((key) => [...parent, key]);
    return paths.flatMap((path) => nodeAt(root, path) ?? []).map(({ id }) => ({ id }));
  }

  return {
    locate: (value, persisted) => {
      const kept = isJsonObject(persisted) && isJsonObject(persisted.historyValue) ? persisted.historyValue : {};
      const known = histories.filter(({ id }) => Array.isArray(kept[id]));
      // Of two with one parent, the deep one knows more.
      const best = known.filter(
        (history) => history.history === "deep" || !known.some((other) => knowsMore(other, history)),
      );
      const remembered = best.map((history) => memoryOfState(history, kept[history.id] as { id: string }[]));
      return { active: leavesOf(value), remembered };
    },
    place: (position) => {
      assertStates(root, position);
      const { active, remembered } = position;
      const { value, status } = complete(active);
      const historyValue: JsonObject = {};
      for (const history of histories) {
        const leaves = recalled(history, remembered);
        if (leaves.length > 0) historyValue[history.id] = idsOf(history, leaves);
      }
      return { value, persisted: { status, historyValue } };
    },
  };
}

function knowsMore(deep: StateNode, shallow: StateNode): boolean {
  return deep.history === "deep" && deep.parent === shallow.parent;
}

function pathsOf({ idMap }: Machine5, id: string): StatePath[] {
  const node = idMap.get(id);
  return node ? [node.path] : [];
}
