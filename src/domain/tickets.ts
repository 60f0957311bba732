// Signed version ids and upload tokens: what lets a version be uploaded to and finalized without a record of its beginning.

import { createHmac, timingSafeEqual } from "node:crypto";

/** What a ticket is about. */
export interface Ticket {
  orgId: string;
  machine: string;
  versionId: string;
}
type Purpose = "finalize" | "upload";

function signature(secret: string, purpose: Purpose, { orgId, machine, versionId }: Ticket): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([purpose, orgId, machine, versionId]))
    .digest("base64url");
}

function matches(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `ver_….<signature>`: the id under which a version is finalized. Safe in a path. */
export function signVersionId(secret: string, ticket: Ticket): string {
  return `${ticket.versionId}.${signature(secret, "finalize", ticket)}`;
}

/** The version id within a signed one, if it was signed here for this org and machine. */
export function verifyVersionId(
  secret: string,
  scope: { orgId: string; machine: string },
  signed: string,
): string | null {
  const dot = signed.indexOf(".");
  const versionId = signed.slice(0, dot);
  return dot > 0 && matches(signed.slice(dot + 1), signature(secret, "finalize", { ...scope, versionId }))
    ? versionId
    : null;
}

/** The one field an upload must carry: base64url JSON of the ticket, a dot, its signature. */
export function signUpload(secret: string, ticket: Ticket): string {
  return `${Buffer.from(JSON.stringify(ticket)).toString("base64url")}.${signature(secret, "upload", ticket)}`;
}

/** The ticket within an upload token, if it was signed here. */
export function verifyUpload(secret: string, token: string): Ticket | null {
  const [payload = "", given = ""] = token.split(".");
  try {
    const ticket = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as Ticket;
    return matches(given, signature(secret, "upload", ticket)) ? ticket : null;
  } catch {
    return null;
  }
}
