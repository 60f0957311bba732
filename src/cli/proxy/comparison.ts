// What `settle proxy --against` does with what passes, and how it says what came of it.

import { Comparison, type Divergence } from "../../oracle/proxy/against/compare.ts";
import { counted } from "../../oracle/report/outcome.ts";
import { clean } from "../../oracle/report/redact.ts";
import { printable } from "../../oracle/report/summary.ts";
import { CannotRun } from "../cannot-run.ts";
import type { ProxyFlags } from "../proxy.ts";

/** Undefined when nothing is compared. @throws CannotRun for half a key */
export function prepareComparison(
  flags: ProxyFlags,
  onDivergence: (divergence: Divergence) => void,
): Comparison | undefined {
  const { against, againstKey: keyId, againstSecret: secretKey, againstOrg: orgId = "" } = flags;
  if (against === undefined) return undefined;
  if ((keyId === undefined) !== (secretKey === undefined)) {
    throw new CannotRun(
      "--against-key and --against-secret belong together; give both, or neither to send the same tokens",
    );
  }
  const credentials =
    keyId === undefined || secretKey === undefined ? {} : { credentials: { orgId, keyId, secretKey } };
  return new Comparison({
    url: against,
    ...credentials,
    now: () => Date.now(),
    onDivergence: (found) => onDivergence(discreet(found)),
  });
}

export function comparisonOf(url: string, { same, divergence, stopped }: Comparison): object {
  return {
    url,
    same,
    ...(divergence === undefined ? {} : { divergence: discreet(divergence) }),
    ...(stopped === undefined ? {} : { stopped }),
  };
}

export function toldOf(url: string, { same, divergence, stopped }: Comparison): string[] {
  const head = `  compared with ${url}: ${counted(same, "exchange")} alike`;
  if (divergence === undefined) return [stopped === undefined ? head : `${head}, then no more: ${stopped}`];
  const { request, exchange, message, repro, first, second } = discreet(divergence);
  const show = ({ status, body }: Divergence["first"]) => `${status} ${JSON.stringify(body) ?? ""}`.slice(0, 500);
  return [
    `${head}, then the first that differs:`,
    printable(`    ${request} (exchange ${exchange}): ${message}`),
    printable(`    first:  ${show(first)}`),
    printable(`    second: ${show(second)}`),
    "    script: (reads SETTLE_URL, SETTLE_KEY_ID and SETTLE_SECRET_KEY; run it against either)",
    ...repro.map((line) => printable(`      ${line}`)),
  ];
}

/** Answers may hold secrets. */
function discreet(divergence: Divergence): Divergence {
  const { first, second } = divergence;
  const body = (value: unknown): unknown =>
    value === undefined ? undefined : JSON.parse(clean(JSON.stringify(value), []));
  return { ...divergence, first: { ...first, body: body(first.body) }, second: { ...second, body: body(second.body) } };
}
