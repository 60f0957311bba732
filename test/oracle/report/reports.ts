// A report with a result of every kind, and with texts that try to break out of whatever they are written into.

import type { Report, RuleResult } from "../../../src/oracle/report.ts";

/** What a hostile target might answer: markup, ends of sections, commands of terminals and of GitHub, turned text. */
export const hostile = `<script>document.title="taken"</script><img src=x onerror="document.title='taken'">]]>&amp;\u0000\u001b[31m\u009b\ud800\uffff\u202e\r\n::error::100%, "'`;

const rule = (id: string, rest: Partial<RuleResult>): RuleResult => ({
  id,
  title: `The title of ${id}`,
  level: "MUST",
  source: `docs/semantics.md, A heading: “A sentence of ${id}.”`,
  status: "passed",
  message: "",
  repro: [],
  passes: 0,
  ...rest,
});

export const results: RuleResult[] = [
  rule("SB-INST-KEPT", { passes: 3 }),
  rule("SB-INST-BROKEN", {
    status: "failed",
    message: `seen: ${hostile}`,
    repro: ["curl -sS \"$SETTLE_URL\"'/machines'", `echo '${hostile}'`],
    replay: ["--only", "a scenario"],
    history: [{ atMs: 12, elapsedMs: 3, request: "GET /machines", status: 200, body: hostile }],
  }),
  rule("SB-INST-FLAKY", { status: "flaky", level: "CLIENT", message: "once", repro: ["curl"] }),
  rule("SB-INST-WARNED", { status: "warned", level: "ADVISORY", message: "sources are silent" }),
  rule("SB-INST-SKIPPED", { status: "skipped", message: "needs ws, which the target is not said to have" }),
  rule("SB-INST-UNMET", { status: "not-exercised", message: "a scenario stopped before it" }),
  rule("SB-INST-FAULT", { status: "oracle-error", message: "a scenario: There is no operation getTea." }),
  rule("SB-KEY-KNOWN", { status: "failed", message: "as ever", expected: "their issue 7" }),
  rule("SB-KEY-MENDED", { passes: 1, expected: "their issue 8" }),
];

export const report: Report = {
  target: "http://127.0.0.1:1",
  seed: 7,
  verdict: "violates",
  rules: results,
  coverage: {
    operations: [{ operationId: "listMachines", statuses: { 200: 5, 418: 1 } }],
    rules: { run: 6, total: 9 },
    statuses: { seen: 1, declared: 264 },
    statecharts: [
      {
        machine: "guarded",
        xstate: 5,
        states: { open: 2, shut: 0 },
        transitions: { "open SHUT": 0 },
        guards: { isOwner: { true: 1, false: 0 } },
      },
    ],
  },
  leftovers: ["1 organizations stay"],
  run: {
    suite: { version: "1.2.3", document: "d0c", rules: "7c1e5", errata: "e77a7a" },
    profile: { title: "Somebody's", capabilities: ["admin"], settleTimeoutMs: 1_000, pageSize: 100 },
    namespace: "settle-test",
    startedAt: "2026-11-25T10:00:00.000Z",
    endedAt: "2026-11-25T10:00:02.500Z",
    isInterrupted: false,
    stages: [{ stage: "scenario", startMs: 0, endMs: 2_000 }],
    pace: { widthMs: 500, counts: [1, 2, 3, 0, 1] },
  },
};
