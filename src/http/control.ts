// The open part of the control plane: is the process up, is it ready, and what about the bill.

import type { FastifyInstance } from "fastify";

export function registerControlPlane(app: FastifyInstance, options: { isReady(): boolean; version: string }): void {
  app.get("/_settle/health", async () => ({ status: "ok", version: options.version }));
  app.get("/_settle/ready", async (_request, reply) => {
    if (options.isReady()) return { status: "ready" };
    return reply.code(503).send({ error: "The store and the machines are still being loaded.", code: "unavailable" });
  });
  app.get("/_settle/billing", async (_request, reply) => reply.headers(pageHeaders).send(billingPage));
}

/** The page loads nothing, runs nothing, sends nothing, and stands in nobody's frame. */
const pageHeaders = {
  "content-type": "text/html; charset=utf-8",
  "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
};

const billingPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>Billing: Settle</title>
<h1>Nothing to pay</h1>
<p>This is Settle, a mock of the State Backed API on your own machine. It bills nobody and counts nothing.
<p>Where you call the real service, this address is that of your organization's billing page.
</html>
`;
