// The curl line of an exchange does what the exchange did.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { createExchange } from "../../src/oracle/exchange.ts";
import { createResponseCheck } from "../../src/spec/response-check.ts";

test.each(["GET", "HEAD", "DELETE"])("%s, and it ends", async (method) => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.end("seven b");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = { url, orgId: "org_x", keyId: "sbk_x", secretKey: "sbsec_x" };
  const exchange = createExchange({ target, check: createResponseCheck(), now: () => 0, timeoutMs: 5_000 });
  const answer = await exchange.send({ method, path: "/a?b=1", headers: {}, caller: { token: "none" } });
  const env = { ...process.env, SETTLE_URL: url };
  const { stdout } = await promisify(execFile)("bash", ["-c", answer.curl], { env, timeout: 5_000 });
  expect(stdout).toMatch(/^HTTP\/1\.1 200/);
  expect(seen).toEqual([`${method} /a?b=1`, `${method} /a?b=1`]);
  server.closeAllConnections();
  server.close();
});
