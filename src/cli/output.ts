// Where the server's words go: one JSON object a line on stdout, or plain lines for a person.

import type { LogLine } from "../engine/port.ts";
import type { ServerLog } from "../http/errors.ts";

export interface Output {
  log: ServerLog;
  machineLog(line: LogLine): void;
  /** Must come first on stdout: what was logged before waits for it. */
  ready(ready: object, banner: () => string): void;
}

export function createOutput(json: boolean): Output {
  let waiting: string[] | null = json ? [] : null;
  /** The real one, also under the manual clock: beside the lines of other programs it is what orders them. */
  const now = () => new Date().toISOString();
  const writeJson = (entry: object) => {
    const line = `${JSON.stringify(entry)}\n`;
    if (waiting) waiting.push(line);
    else process.stdout.write(line);
  };
  return {
    log(entry) {
      if (json) return writeJson({ event: "log", time: now(), ...entry });
      process.stderr.write(
        `settle: ${entry.level === "info" ? "" : `${entry.level}: `}${entry.stack ?? entry.message}\n`,
      );
    },
    machineLog({ instance, versionId, outputType, log }) {
      if (json) return writeJson({ event: "machine-log", time: now(), ...instance, versionId, outputType, log });
      const from = instance ? `${instance.machine}/${instance.slug}` : versionId;
      process.stderr.write(`[${from}] ${log}\n`);
    },
    ready(ready, banner) {
      if (!json) return void process.stdout.write(`${banner()}\n`);
      const early = waiting ?? [];
      waiting = null;
      writeJson(ready);
      for (const line of early) process.stdout.write(line);
    },
  };
}
