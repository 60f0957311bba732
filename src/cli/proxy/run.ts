// Runs the proxy until a signal ends it, tells each new fault as it is seen, and says at last what came out of it.

import { messageOf } from "../../domain/message-of.ts";
import { type Fault, isViolation } from "../../oracle/proxy/faults.ts";
import { type JudgingProxy, type ProxyReport, startProxy } from "../../oracle/proxy/proxy.ts";
import { withExpected } from "../../oracle/report/expected.ts";
import { toAnnotations } from "../../oracle/report/github.ts";
import { counted, outcomeOf } from "../../oracle/report/outcome.ts";
import { withoutSecrets } from "../../oracle/report/redact.ts";
import { printable, toSummary } from "../../oracle/report/summary.ts";
import { CannotRun } from "../cannot-run.ts";
import type { ProxyFlags } from "../proxy.ts";
import { ensureReportsWritable, readExpected, wantsAnnotations, writeReports } from "../report-options.ts";
import { contractsFolder, readContracts } from "../verify/inputs.ts";
import { comparisonOf, prepareComparison, toldOf } from "./comparison.ts";
import { prepareRecording } from "./recording.ts";

/** Resolves once it listens; a signal then sets the exit code. @throws CannotRun */
export async function runProxy(upstream: string, flags: ProxyFlags): Promise<void> {
  ensureReportsWritable(flags);
  const contracts = readContracts(contractsFolder());
  const expected = await readExpected(flags, new Set(contracts.rules.map(({ id }) => id)));
  const { hostHeader = new URL(upstream).protocol === "https:" ? "upstream" : "client", host, port } = flags;
  const say = (text: string) => process.stdout.write(`${text}\n`);
  const tell = (event: object) => say(JSON.stringify(event));
  const early: Fault[] = [];
  let onFault = (fault: Fault): void => void early.push(fault);
  const recording = prepareRecording(flags.record, contracts);
  const comparison = prepareComparison(flags, (divergence) => {
    if (flags.json) tell({ event: "divergence", ...divergence });
    else say(printable(`diverges  ${divergence.request} (exchange ${divergence.exchange}): ${divergence.message}`));
  });
  const proxy = await listening(`${host}:${port}`, () =>
    startProxy({
      ...{ upstream, hostHeader, address: host, port, contracts, now: () => Date.now() },
      onFault: (fault) => onFault(fault),
      onExchange: (exchange) => {
        recording?.recorder.exchange(exchange);
        comparison?.add(exchange);
      },
      onMessage: (message) => recording?.recorder.message(message),
    }),
  );
  if (flags.json) tell({ event: "ready", url: proxy.url, upstream, pid: process.pid });
  else say(`Settle judges what passes ${proxy.url} on its way to ${upstream}; Ctrl-C ends it`);
  onFault = (fault) => void (flags.json ? tell({ event: kindOf(fault), ...fault }) : say(lineOf(fault)));
  early.forEach(onFault);
  onFirstSignal(async () => {
    await proxy.close();
    await comparison?.settled();
    const found = proxy.report();
    const compared = comparison === undefined ? {} : { comparison: comparisonOf(flags.against ?? "", comparison) };
    const report = { ...found, ...withExpected(withoutSecrets(found, []), expected), ...compared };
    const exitCode = comparison?.divergence ? 1 : exitCodeOf(report, flags.failUnder);
    if (flags.json) tell({ event: "report", exitCode, report });
    else
      say(
        `\n${toSummary(report, `settle verify ${upstream}`)}\n${[trafficOf(report), ...(comparison ? toldOf(flags.against ?? "", comparison) : [])].join("\n")}`,
      );
    const annotations = wantsAnnotations(flags) ? toAnnotations(report) : [];
    for (const line of annotations) (flags.json ? process.stderr : process.stdout).write(`${line}\n`);
    for (const sentence of (await recording?.write()) ?? [])
      (flags.json ? process.stderr : process.stdout).write(`  ${sentence}\n`);
    const written = await writeReports(report, flags, `settle verify ${upstream}`);
    if (!flags.json && written.length > 0) say(`  written: ${written.join(", ")}`);
    return exitCode;
  });
}

async function listening(where: string, start: () => Promise<JudgingProxy>): Promise<JudgingProxy> {
  try {
    return await start();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new CannotRun(`port ${where} is taken; choose another with --port (0 = any free one)`);
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new CannotRun(`can't listen on ${where} (${code}); choose another --host or --port`);
    }
    throw error;
  }
}

/** A second signal is somebody in a hurry. */
function onFirstSignal(finish: () => Promise<number>): void {
  const stop = () => {
    process.once("SIGINT", () => process.exit(130));
    process.once("SIGTERM", () => process.exit(143));
    finish().then(
      (code) => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`settle: ${messageOf(error)}\n`);
        process.exit(2);
      },
    );
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  const once = () => {
    for (const signal of signals) process.off(signal, once);
    stop();
  };
  for (const signal of signals) process.on(signal, once);
}

/** Traffic that exercised nothing broke nothing. */
function exitCodeOf(report: ProxyReport, failUnder: number | undefined): number {
  const { exitCode } = outcomeOf(report, failUnder);
  const isIdle = report.coverage.rules.run === 0 && failUnder === undefined;
  return isIdle && report.rules.every(({ status }) => status !== "oracle-error") ? 0 : exitCode;
}

function kindOf(fault: Fault): "violation" | "warning" | "client" {
  if (fault.of === "client") return "client";
  return isViolation(fault) ? "violation" : "warning";
}

function lineOf(fault: Fault): string {
  const { rule, message, exchanges } = fault;
  const what = fault.of === "client" ? `${fault.operationId ?? ""} ` : `${rule} `;
  return printable(`${kindOf(fault).padEnd(9)} ${what}(exchange ${exchanges[0]}): ${message}`).replaceAll("\n", " ");
}

function trafficOf({ traffic, faults }: ProxyReport): string {
  const ofClients = faults.filter(({ of }) => of === "client");
  const lines = [
    `  ${counted(traffic.exchanges, "exchange")} (${traffic.unjudged} unjudged), ${counted(traffic.messages, "message")} over ${counted(traffic.sockets, "socket")}`,
    ...(ofClients.length === 0
      ? []
      : [`  clients sent ${counted(ofClients.length, "kind")} of request that openapi.yaml doesn't know:`]),
    ...ofClients.map(({ operationId = "", message, count }) =>
      printable(`    ${operationId} ${message} (${count} times)`),
    ),
  ];
  return lines.join("\n");
}
