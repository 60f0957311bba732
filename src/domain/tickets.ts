// Signed ids and upload tokens: what lets a version or a migration be uploaded to and finalized without a record of its beginning.

import { createHmac } from "node:crypto";
import { isSameText } from "./same-text.ts";

/** The machine that a ticket is for. `machineOrder` tells it from one that is made later under its name. */
export interface TicketScope {
  orgId: string;
  machine: string;
  machineOrder: number;
}
/** What an upload is for: the id of a version or of a migration. */
export interface UploadTicket extends TicketScope {
  id: string;
}
type Purpose = "finalize" | "upload";

function signature(
  secret: string,
  purpose: Purpose,
  { orgId, machine, machineOrder }: TicketScope,
  parts: string[],
): string {
  return createHmac("sha256", secret)
    .update(JSON.stringify([purpose, orgId, machine, machineOrder, ...parts]))
    .digest("base64url");
}

/** `ver_….<signature>`: the id under which something is finalized, and what else is known of it already. Safe in a path when its parts are. */
export function signId(secret: string, scope: TicketScope, parts: string[]): string {
  return [...parts, signature(secret, "finalize", scope, parts)].join(".");
}

/** The parts of a signed id, if it was signed here for this machine. */
export function verifyId(secret: string, scope: TicketScope, signed: string): string[] | null {
  const parts = signed.split(".");
  const given = parts.pop() ?? "";
  return isSameText(given, signature(secret, "finalize", scope, parts)) ? parts : null;
}

/** The one field an upload must carry: base64url JSON of the ticket, a dot, its signature. */
export function signUpload(secret: string, ticket: UploadTicket): string {
  const payload = Buffer.from(JSON.stringify(ticket)).toString("base64url");
  return `${payload}.${signature(secret, "upload", ticket, [ticket.id])}`;
}

/** The ticket within an upload token, if it was signed here. */
export function verifyUpload(secret: string, token: string): UploadTicket | null {
  const [payload = "", given = ""] = token.split(".");
  try {
    const ticket = JSON.parse(Buffer.from(payload, "base64url").toString("utf8")) as UploadTicket;
    return isSameText(given, signature(secret, "upload", ticket, [ticket.id])) ? ticket : null;
  } catch {
    return null;
  }
}
