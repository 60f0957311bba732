// One line on a terminal that says how far a run is; nothing anywhere else.

import type { RunEvent } from "../oracle/verify.ts";

export interface Progress {
  hear(event: RunEvent): void;
  /** Takes the line away. */
  clear(): void;
}

const eraseLine = "\r\u001b[2K";

export function createProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { hear() {}, clear() {} };
  let failures = 0;
  let where = "";
  let what = "";
  const write = () => {
    const parts = [where, ...(failures === 0 ? [] : [`${failures} failed`]), ...(what === "" ? [] : [what])];
    stream.write(`${eraseLine}${cut(parts.join(" · "), stream.columns)}`);
  };
  return {
    hear(event) {
      if (event.event === "stage") [where, what] = [event.stage, ""];
      if (event.event === "progress") [where, what] = [`${event.stage} ${event.done}/${event.total}`, event.what];
      if (event.event === "failure" && event.level !== "ADVISORY") failures++;
      write();
    },
    clear: () => void stream.write(eraseLine),
  };
}

/** A line that is longer than the terminal is wide could not be erased. */
function cut(text: string, columns = 80): string {
  return text.length < columns ? text : `${text.slice(0, columns - 2)}…`;
}
