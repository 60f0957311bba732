// The published client's journeys of test/client, every one of them once more with a proxy between: they still do what they did, and nothing is a violation.

import { afterEach, describe, expect, vi } from "vitest";
import type { ServerOptions } from "../../../src/index.ts";
import { isViolation } from "../../../src/oracle/proxy/faults.ts";
import type { Through } from "./through.ts";

const proxies = vi.hoisted(() => [] as Through[]);
/** Those whose server went back to an older state behind their backs: time goes back with it, which they can't know. */
const wentBack = vi.hoisted(() => new Set<Through>());

vi.mock("../../../src/index.ts", async (original) => {
  const real = await original<typeof import("../../../src/index.ts")>();
  const { through } = await import("./through.ts");
  return {
    ...real,
    async startServer(options?: ServerOptions) {
      const server = await real.startServer(options);
      const proxy = await through(server.url);
      proxies.push(proxy);
      const close = async () => {
        await proxy.close();
        await server.close();
      };
      const state: typeof server.state = {
        ...server.state,
        import(document) {
          wentBack.add(proxy);
          return server.state.import(document);
        },
      };
      return { ...server, url: proxy.url, state, close };
    },
  };
});

const backwards = "SB-RT-UPDATE-TS-MONOTONIC";

afterEach(() => {
  expect(proxies.at(-1)?.report().traffic.exchanges).toBeGreaterThan(0);
  for (const proxy of proxies) {
    const { faults, rules } = proxy.report();
    const violations = faults.filter(isViolation).filter(({ rule }) => !wentBack.has(proxy) || rule !== backwards);
    expect(violations.map(({ rule, message }) => `${rule}: ${message}`)).toEqual([]);
    expect(rules.filter(({ status }) => status === "oracle-error")).toEqual([]);
  }
});

// Each in a suite of its own, so that a test is prepared by its own file alone.
describe("billing", () => import("../../client/billing.test.ts").then(() => {}));
describe("journey", () => import("../../client/journey.test.ts").then(() => {}));
describe("keys", () => import("../../client/keys.test.ts").then(() => {}));
describe("lifecycle", () => import("../../client/lifecycle.test.ts").then(() => {}));
describe("logs", () => import("../../client/logs.test.ts").then(() => {}));
describe("migrations", () => import("../../client/migrations.test.ts").then(() => {}));
describe("orgs", () => import("../../client/orgs.test.ts").then(() => {}));
describe("realtime", () => import("../../client/realtime.test.ts").then(() => {}));
describe("tokens", () => import("../../client/tokens.test.ts").then(() => {}));
