// Invitations: send, which here means to tell whoever runs the server, and accept.

import { newInvitationCode } from "../domain/ids.ts";
import { Problem } from "../domain/problem.ts";
import type { Invitation } from "../domain/records.ts";
import type { SendInvitationRequest } from "../spec/generated/types.ts";
import { param } from "./lookup.ts";
import type { Caller, Operation } from "./services.ts";

/** No mail is sent: the code is in the server's log. */
export const sendInvitation: Operation = async ({ store, clock, entropy, notice }, { orgId }, request) => {
  const { email, role } = request.body as SendInvitationRequest;
  const code = newInvitationCode(entropy);
  const rec: Invitation = { code, orgId, email, role, createdAt: clock.now() };
  await store.commit([{ op: "put", kind: "invitation", scope: "", name: code, rec, ifRev: 0 }]);
  notice(`invitation for ${JSON.stringify(email)} to ${orgId}: smply invitations accept --invitation ${code}`);
  return { status: 201 };
};

/** Whoever accepts may do so again; for everybody else the code is spent. */
export const acceptInvitation: Operation = async ({ store }, caller, request) => {
  const code = `inv_${param(request, "invitation")}`;
  return store.exclusive(`invitation ${code}`, async () => {
    const invitation = await store.get("invitation", "", code);
    const acceptedBy = subjectOf(caller);
    if (!invitation || (invitation.rec.acceptedBy ?? acceptedBy) !== acceptedBy) {
      throw new Problem("not-found", "There is no such invitation, or somebody else has accepted it.");
    }
    const { rec, rev } = invitation;
    if (rec.acceptedBy === undefined) {
      const accepted = { ...rec, acceptedBy };
      await store.commit([{ op: "put", kind: "invitation", scope: "", name: code, rec: accepted, ifRev: rev }]);
    }
    return { status: 204 };
  });
};

/** The end user; a token without one stands for its key. */
function subjectOf({ authContext: { sub }, keyId }: Caller): string {
  return typeof sub === "string" ? sub : keyId;
}
