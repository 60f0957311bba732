// A report as a badge: JSON that shields.io shows as an image.

import type { Report } from "../report.ts";

/** @see https://shields.io/badges/endpoint-badge */
export function toBadge({ verdict, rules }: Report): object {
  const count = (...statuses: string[]) => rules.filter(({ status }) => statuses.includes(status)).length;
  const passed = count("passed");
  const broken = count("failed", "flaky");
  const unsure = count("oracle-error");
  const [message, color] =
    verdict === "conforms"
      ? [`conforms, ${passed} rules`, "brightgreen"]
      : broken > 0
        ? [`violates ${broken} of ${passed + broken} rules`, "red"]
        : [unsure > 0 ? "not judged" : "nothing exercised", "lightgrey"];
  return { schemaVersion: 1, label: "State Backed API", message, color };
}
