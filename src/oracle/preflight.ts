// Asks whether a run can begin: whether anything answers at the target's address, and takes the key.

import { createResponseCheck } from "../spec/response-check.ts";
import { createExchange, type Target } from "./exchange.ts";
import { dig } from "./fill.ts";
import { TargetUnreachable } from "./verify.ts";

/** The target takes the key for nothing that every key can be used for. */
export class CredentialsRefused extends Error {
  override name = "CredentialsRefused";
}

/** Each asks for another scope: a key that may not do one of them is no wrong key. */
const probes = ["/machines", "/keys", "/orgs", "/logs"];
const patienceMs = 10_000;

/** `now`: epoch milliseconds. @throws TargetUnreachable, CredentialsRefused */
export async function preflight(target: Target, now: () => number): Promise<void> {
  const { send } = createExchange({ target, check: createResponseCheck(), now, timeoutMs: patienceMs });
  const refusals: string[] = [];
  for (const path of probes) {
    const { status, text, json } = await send({ method: "GET", path, headers: {}, caller: {} });
    if (status === 0) throw new TargetUnreachable(`${target.url} gives ${text}`);
    if (status >= 200 && status <= 299) return;
    if (status === 401 || status === 403)
      refusals.push(`GET ${path}: ${status} ${String(dig(json, "/code") ?? "")}`.trim());
  }
  if (refusals.length === 0) return; // what is wrong with these answers is for rules to say
  throw new CredentialsRefused(
    `${target.url} refuses the key ${target.keyId} for everything that was tried (${refusals[0]})`,
  );
}
