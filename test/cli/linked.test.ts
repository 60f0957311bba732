// Packages are often links to a store elsewhere (pnpm, workspaces): the sandbox, which may read little, must find XState all the same.

import { cp, mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));

test("a server whose packages are links runs machines", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-linked-"));
  try {
    await Promise.all(
      ["src", "package.json"].map((name) => cp(join(root, name), join(folder, name), { recursive: true })),
    );
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    const { startServer } = (await import(join(folder, "src/index.ts"))) as typeof import("../../src/index.ts");
    const server = await startServer({
      port: 0,
      store: "memory:",
      machines: [join(root, "fixtures/machines/counter.ts")],
    });
    try {
      const headers = { authorization: `Bearer ${server.adminToken}`, "content-type": "application/json" };
      const created = await fetch(`${server.url}/machines/counter`, { method: "POST", headers, body: '{"slug":"c"}' });
      expect([created.status, await created.json()]).toMatchObject([200, { state: "counting" }]);
    } finally {
      await server.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
