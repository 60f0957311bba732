// Who may use the control plane: whoever presents the store's own admin token.

import type { FastifyInstance } from "fastify";
import type { ProblemBody } from "../domain/problem.ts";
import { isSameText } from "../domain/same-text.ts";

/** Open to everybody: whether it is up and ready, pages without secrets, and uploads, which carry a token of their own. */
const open = new Set(["/_settle/", "/_settle/health", "/_settle/ready", "/_settle/billing", "/_settle/uploads"]);

/** Everything else below `/_settle/` answers 401 without the token, whether it exists or not. */
export function guardControlPlane(app: FastifyInstance, adminToken: string): void {
  // A plain callback, since it runs for every request.
  app.addHook("onRequest", (request, reply, done) => {
    if (!request.url.startsWith("/_settle/")) return done();
    const [path = ""] = request.url.split("?");
    // A browser's question before a request from another origin carries no token.
    if (open.has(path) || request.method === "OPTIONS") return done();
    const [, token = ""] = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? "") ?? [];
    if (isSameText(token, adminToken)) return done();
    reply.header("www-authenticate", "Bearer");
    const body: ProblemBody = {
      error:
        "The control plane needs the admin token of this store, as `authorization: Bearer <token>`: the adminToken of the ready line.",
      code: "missing-user",
    };
    reply.code(401).send(body);
  });
}
