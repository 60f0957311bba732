// `settle verify`: runs the contracts against any implementation and reports; what it does is loaded when it is asked for.

import { Command, InvalidArgumentError, Option } from "commander";
import { addReportOptions, type ReportFlags } from "./report-options.ts";

/** What commander makes of them. */
export interface VerifyFlags extends ReportFlags {
  org?: string;
  key?: string;
  secret?: string;
  only?: string[];
  seed: number;
  runs?: number;
  profile: string;
  scenarios?: string[];
  replay?: string;
  json?: boolean;
}

export function verifyCommand(): Command {
  const command = new Command("verify")
    .description("run the contracts against any implementation and report")
    .argument("[base-url]", "where the implementation answers, such as http://127.0.0.1:4380 (else SETTLE_URL)")
    .addOption(new Option("--org <id>", "the organization").env("SETTLE_ORG_ID"))
    .addOption(new Option("--key <id>", "the key that signs").env("SETTLE_KEY_ID"))
    .addOption(new Option("--secret <secret>", "its secret; others see it on a command line").env("SETTLE_SECRET_KEY"))
    .addOption(
      new Option(
        "--only <what>",
        "what a rule's id, a scenario's name or tag, or a stage begins with; repeatable",
      ).argParser((text: string, previous: string[] = []) => [...previous, text]),
    )
    .addOption(new Option("--seed <number>", "what generated values come from").default(1).argParser(parseSeed))
    .addOption(new Option("--runs <number>", "size of the generated part").argParser(parseRuns))
    .option("--profile <file or name>", "what the target can do: a file, or a name of contracts/profiles", "default")
    .addOption(
      new Option(
        "--scenarios <file>",
        "scenarios to run instead of the contracts' own, such as settle proxy --record wrote; repeatable",
      ).argParser((text: string, previous: string[] = []) => [...previous, text]),
    )
    .option("--replay <text>", "where a generated failure goes on, as it printed it")
    .option("--json", "one JSON object a line on stdout: events, and the report at last");
  return addReportOptions(command).action(async (url: string | undefined, flags: VerifyFlags) => {
    const { runVerify } = await import("./verify/run.ts");
    await runVerify(url ?? process.env.SETTLE_URL, flags);
  });
}

const largestSeed = 2 ** 31;

function parseSeed(text: string): number {
  const seed = Number(text);
  if (/^-?\d+$/.test(text) && seed >= -largestSeed && seed < largestSeed) return seed;
  throw new InvalidArgumentError("Write a whole number of at most 31 bits.");
}

function parseRuns(text: string): number {
  const runs = Number(text);
  if (/^\d+$/.test(text) && runs >= 1 && runs <= 1_000_000) return runs;
  throw new InvalidArgumentError("Write a whole number from 1 to 1000000.");
}
