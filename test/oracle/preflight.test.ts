// Whether a run can begin: a wrong key is told from a key that may not do everything, and from a server that is broken.

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { CredentialsRefused, preflight } from "../../src/oracle/preflight.ts";
import { TargetUnreachable } from "../../src/oracle/verify.ts";

let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

/** A server with these statuses for what is asked; 404 for all else. */
async function ask(statuses: { [path: string]: number }): Promise<void> {
  server = createServer((request, response) => {
    response
      .writeHead(statuses[request.url ?? ""] ?? 404, { "content-type": "application/json" })
      .end('{"code":"rejected"}');
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await preflight({ url, orgId: "org", keyId: "sbk_1", secretKey: "sbsec_1" }, () => Date.now());
}

it("takes a key that may do something, and leaves errors to the rules", async () => {
  await ask({ "/machines": 403, "/keys": 403, "/orgs": 200 });
  server?.close();
  await ask({ "/machines": 500 });
});

it("refuses a key that may do nothing, also where much is not there", async () => {
  await expect(ask({ "/machines": 403 })).rejects.toThrow(/refuses the key sbk_1 .*GET \/machines: 403 rejected/);
  server?.close();
  await expect(ask({ "/keys": 401 })).rejects.toThrow(CredentialsRefused);
});

it("says that nobody answers", async () => {
  const target = { url: "http://127.0.0.1:9", orgId: "org", keyId: "sbk_1", secretKey: "sbsec_1" };
  await expect(preflight(target, () => Date.now())).rejects.toThrow(TargetUnreachable);
});
