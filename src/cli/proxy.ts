// `settle proxy`: forwards to an implementation and judges every exchange; what it does is loaded when it is asked for.

import { Command, InvalidArgumentError, Option } from "commander";
import { addReportOptions, type ReportFlags } from "./report-options.ts";
import { parsePort } from "./server-options.ts";

/** What commander makes of them. */
export interface ProxyFlags extends ReportFlags {
  port: number;
  host: string;
  hostHeader?: "client" | "upstream";
  against?: string;
  againstOrg?: string;
  againstKey?: string;
  againstSecret?: string;
  record?: string;
  json?: boolean;
}

export function proxyCommand(): Command {
  const command = new Command("proxy")
    .description("forward to an implementation and judge every exchange and every realtime message")
    .argument("<upstream>", "base URL of the implementation", parseUpstream)
    .addOption(new Option("--port <number>", "0 = any free port").default(4381).argParser(parsePort))
    .addOption(new Option("--host <address>", "address to listen on").default("127.0.0.1"))
    .addOption(
      new Option(
        "--host-header <whose>",
        "the name that the upstream is called by: client, so that the URLs it answers with lead through the proxy (default for http), or upstream, its own (default for https)",
      ).choices(["client", "upstream"]),
    )
    .addOption(
      new Option(
        "--against <url>",
        "send the same to a second implementation, and name the first answer that differs",
      ).argParser(parseUpstream),
    )
    .addOption(new Option("--against-org <id>", "its organization").env("SETTLE_AGAINST_ORG"))
    .addOption(
      new Option(
        "--against-key <id>",
        "the key that signs for it; without one it is sent the same tokens, and must know their keys",
      ).env("SETTLE_AGAINST_KEY"),
    )
    .addOption(
      new Option("--against-secret <secret>", "that key's secret; others see it on a command line").env(
        "SETTLE_AGAINST_SECRET",
      ),
    )
    .option("--record <file>", "write what passed as a scenario, which settle verify --scenarios runs")
    .option("--json", "one JSON object a line on stdout: where it listens, each new fault, and the report at last");
  return addReportOptions(command).action(async (upstream: string, flags: ProxyFlags) => {
    const { runProxy } = await import("./proxy/run.ts");
    await runProxy(upstream, flags);
  });
}

function parseUpstream(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === "" && url.search === "" && url.hash === "";
  if (isPlain && (url.protocol === "http:" || url.protocol === "https:")) return text.replace(/\/+$/, "");
  throw new InvalidArgumentError("Write a base URL such as http://127.0.0.1:4380.");
}
