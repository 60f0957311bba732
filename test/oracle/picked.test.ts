// Lines of a repro take what a target made up from its answers, and say all else as it was.

import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";
import { pickPrelude, portable } from "../../src/oracle/picked.ts";

it("takes ids and addresses from the answer that made them up, encoded where they are part of a path", () => {
  const lines = portable([
    {
      line: "curl 'POST /v'",
      json: { id: "ver/1", codeUploadUrl: "http://up/7", codeUploadFields: { policy: "abc" } },
    },
    { line: "curl 'http://up/7' -F 'policy=abc'" },
    { line: "curl 'PUT /v/ver%2F1' --data-binary '{\"id\":\"ver/1\"}'" },
  ]);
  expect(lines).toEqual([
    `answer=$(curl 'POST /v'); printf '%s\\n' "$answer"; v1=$(pick '/codeUploadUrl'); v2=$(pick '/id' uri); v3=$(pick '/id'); v4=$(pick '/codeUploadFields/policy')`,
    `curl "$v1" -F 'policy='"$v4"`,
    `curl 'PUT /v/'"$v2" --data-binary '{"id":"'"$v3"'"}'`,
  ]);
});

it("leaves alone what was sent before, what is no name of the target's, and what is only part of a word", () => {
  const lines = [
    { line: "curl '/m/lamp'", json: { slug: "lamp", machineId: "lamp", state: "published", id: "ver_1" } },
    { line: "curl '/m/lamp/published/ver_12'" },
  ];
  expect(portable(lines)).toEqual(lines.map(({ line }) => line));
});

it("names the key and the token that later lines sign with", () => {
  const [created, exchanged] = portable([
    { line: "curl keys", operationId: "createKey", json: { id: "sbk_1", key: "sbsec_1" } },
    { line: "curl tokens", operationId: "exchangeToken", json: { access_token: "eyJ" } },
    { line: `curl "$(SETTLE_KEY_ID="$CREATED_KEY_ID" token)" "$EXCHANGED_TOKEN"` },
  ]);
  expect(created).toContain("CREATED_KEY_ID=$(pick /id); CREATED_SECRET_KEY=$(pick /key)");
  expect(exchanged).toContain("EXCHANGED_TOKEN=$(pick /access_token)");
});

it("picks in bash what it says, past all headers", () => {
  const script = [
    ...pickPrelude,
    `answer=$'HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 200 OK\\r\\nx: y\\r\\n\\r\\n{"a/b":[{"~":"it\\'s {\\\\n\\u00e9} $x"}]}'`,
    "pick '/a~1b/0/~0'; echo; pick '/a~1b/0/~0' uri",
  ].join("\n");
  const [plain, ...rest] = execFileSync("bash", ["-c", script], { encoding: "utf8" }).split("\n");
  expect([plain, ...rest]).toEqual(["it's {", "é} $x", encodeURIComponent("it's {\né} $x")]);
});
