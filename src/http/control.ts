// The open part of the control plane: is the process up, is it ready.

import type { FastifyInstance } from "fastify";

export function registerControlPlane(app: FastifyInstance, options: { isReady(): boolean; version: string }): void {
  app.get("/_settle/health", async () => ({ status: "ok", version: options.version }));
  app.get("/_settle/ready", async (_request, reply) => {
    if (options.isReady()) return { status: "ready" };
    return reply.code(503).send({ error: "The store and the machines are still being loaded.", code: "unavailable" });
  });
}
