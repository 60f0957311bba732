// Remembers every exchange of a run, so that a failure can show what was answered and a repro can ask for it again.

import type { Answer, Exchange } from "./exchange.ts";
import { show } from "./match.ts";
import { portable } from "./picked.ts";
import type { Exchanged, Explain } from "./report.ts";

interface Recorded {
  /** Its place among all exchanges of the run. */
  place: number;
  operationId?: string;
  json: unknown;
  shown: Exchanged;
}

export interface Recorder {
  exchange: Exchange;
  explain: Explain;
  /** When each answer came, in milliseconds since the run began. */
  moments(): readonly number[];
}

/** `now`: epoch milliseconds. */
export function createRecorder(exchange: Exchange, now: () => number): Recorder {
  const startMs = now();
  const byLine = new Map<string, Recorded[]>();
  const moments: number[] = [];

  function record(request: string, answer: Answer): Answer {
    const { operationId, status, elapsedMs, json, text, curl } = answer;
    const atMs = now() - startMs;
    const place = moments.push(atMs);
    const shown = { atMs, elapsedMs, request, status, body: text === "" ? "" : show(json ?? text) };
    const others = byLine.get(curl) ?? [];
    byLine.set(curl, [...others, { place, json, shown, ...(operationId === undefined ? {} : { operationId }) }]);
    return answer;
  }

  return {
    exchange: {
      send: async (call) => record(`${call.method} ${call.path}`, await exchange.send(call)),
      upload: async (upload) => record(`POST ${upload.url}`, await exchange.upload(upload)),
    },
    explain(repro) {
      const found = inOrder(repro.map((line) => byLine.get(line) ?? []));
      const asked = repro.map((line, i) => ({ line, ...found[i] }));
      return { repro: portable(asked), history: found.flatMap((recorded) => (recorded ? [recorded.shown] : [])) };
    },
    moments: () => moments,
  };
}

/**
 * Which of its exchanges each line means: those of a trail came one after the other, and most lines have a name in them that makes them
 * unique. Before the first of those the last exchange is meant, after it the next one.
 */
function inOrder(candidates: readonly (readonly Recorded[])[]): (Recorded | undefined)[] {
  const anchor = candidates.find(({ length }) => length === 1)?.[0]?.place ?? 0;
  const isBefore = candidates.findIndex(({ length }) => length === 1);
  let last = 0;
  return candidates.map((all, i) => {
    const recorded =
      i < isBefore
        ? all.findLast(({ place }) => place < anchor && place > last)
        : (all.find(({ place }) => place > last) ?? all.at(-1));
    if (recorded !== undefined) last = recorded.place;
    return recorded;
  });
}
