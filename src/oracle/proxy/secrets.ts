// Rules about secrets that no later answer may show again.

import type { Judgement } from "./access.ts";
import { type Exchanged, isObject, isSuccess } from "./traffic.ts";

/** `created` collects the secrets of keys as they are made; it leaves this process in no form. */
export function judgeSecrets({ routed, status, answerJson, answerBody }: Exchanged, created: Set<string>): Judgement[] {
  const operationId = routed?.operation.operationId;
  if (!isSuccess(status) || !isObject(answerJson)) return [];
  if (operationId === "createKey" && typeof answerJson.key === "string") created.add(answerJson.key);
  if (operationId === "listKeys") {
    const text = new TextDecoder().decode(answerBody);
    const isShown = hasKey(answerJson.keys) || [...created].some((secret) => text.includes(secret));
    return [{ rule: "SB-KEY-LIST-SECRETLESS", broken: isShown ? "the list shows a key's secret" : null }];
  }
  if (operationId !== "listIdentityProviders") return [];
  return [
    {
      rule: "SB-IDP-LIST-KEYLESS",
      broken: hasKey(answerJson.idps) ? "the list shows an identity provider's key" : null,
    },
  ];
}

function hasKey(entries: unknown): boolean {
  return Array.isArray(entries) && entries.some((entry) => isObject(entry) && entry.key !== undefined);
}
