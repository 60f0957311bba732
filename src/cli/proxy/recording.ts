// What `settle proxy --record` keeps while traffic passes, and the file it becomes.

import { closeSync, openSync } from "node:fs";
import { basename } from "node:path";
import type { Contracts } from "../../oracle/contracts.ts";
import { Recorder } from "../../oracle/proxy/record/recorder.ts";
import { toScenario } from "../../oracle/proxy/record/scenario.ts";
import { counted } from "../../oracle/report/outcome.ts";
import { ensureWritable, writeWhole } from "../written-file.ts";

export interface Recording {
  recorder: Recorder;
  /** @returns sentences for the person who waits */
  write(): Promise<string[]>;
}

/** The file is made at once, so that it is known that it can be. @throws CannotRun */
export function prepareRecording(file: string | undefined, contracts: Contracts): Recording | undefined {
  if (file === undefined) return undefined;
  ensureWritable("--record", file);
  // Nobody else is to read it. What an earlier run recorded stays until this one has an end.
  closeSync(openSync(file, "a", 0o600));
  const recorder = new Recorder();
  return {
    recorder,
    async write() {
      const recorded = recorder.list();
      if (recorded.length === 0) {
        writeWhole("--record", file, "");
        return [`${file} is empty: nothing passed`];
      }
      const { yaml, steps, leftOut } = await toScenario(recorded, contracts, nameOf(file));
      writeWhole("--record", file, yaml);
      const beyond = recorder.dropped === 0 ? [] : [`${recorder.dropped} came when the recording was full`];
      const missing = [...leftOut, ...beyond];
      const rest = missing.length === 0 ? [] : [`left out of it: ${missing.join("; ")}`];
      return [`recorded in ${file}: ${counted(steps, "step")}`, ...rest];
    },
  };
}

/** The file's own name, in the letters that a scenario's may have. */
function nameOf(file: string): string {
  const name = basename(file)
    .replace(/\.ya?ml$/, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^[^a-z]+|-+$/g, "");
  return name === "" ? "recorded" : name;
}
