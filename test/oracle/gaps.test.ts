// An operation that loses its handler, its contract or an example is told, with how to mend it; a whole one is not.

import { describe, expect, test } from "vitest";
import { operationsClaimedIn, type Scenario, type Step } from "../../src/oracle/contracts.ts";
import { findGaps } from "../../src/oracle/gaps.ts";
import { document, type OpenApiDocument, operations } from "../../src/spec/document.ts";

const handled = new Set(operations.map(({ operationId }) => operationId));
const claim = { rule: "SB-ANY", status: 200 };
const send = (id: string, expect = [claim]): Step => ({ send: id, expect });
const scenarios: Scenario[] = operations.map(({ operationId }) => ({ name: operationId, steps: [send(operationId)] }));
/** The status 200 is claimed everywhere; the others are excused. */
const others = [...new Set(operations.flatMap(({ statuses }) => statuses))].filter((status) => status !== "200");
const unreached = [{ statuses: others, reason: "This test does not care." }];
const whole = { document, handled, scenarios, unreached };

const without = (set: ReadonlySet<string>, id: string) => new Set([...set].filter((other) => other !== id));
/** The document with something deleted from it. */
function changed(change: (copy: Copy) => void): OpenApiDocument {
  const copy = structuredClone(document) as unknown as Copy;
  change(copy);
  return copy as unknown as OpenApiDocument;
}
interface Node {
  [key: string]: Node | undefined;
}
type Copy = Node;
function remove(node: Node | undefined, ...path: string[]): void {
  const last = path.pop() ?? "";
  const parent = path.reduce((found, key) => found?.[key], node);
  if (parent === undefined || !(last in parent)) throw new Error(`there is no ${last} to remove`);
  delete parent[last];
}

test("a whole API has no gaps", () => {
  expect(findGaps(whole)).toEqual([]);
});

describe("told is the loss of", () => {
  test.each(operations.map(({ operationId }) => operationId))("the handler of %s", (id) => {
    expect(findGaps({ ...whole, handled: without(handled, id) })).toEqual([
      {
        lacks: "handler",
        message: expect.stringMatching(new RegExp(`^${id} \\(.+\\) has no handler\\. .*src/operations/table\\.ts\\.$`)),
      },
    ]);
  });

  test.each(operations.map(({ operationId }) => operationId))("the contract of %s", (id) => {
    expect(findGaps({ ...whole, scenarios: scenarios.filter(({ name }) => name !== id) })).toEqual([
      {
        lacks: "contract",
        message: expect.stringMatching(new RegExp(`^${id} \\(.+\\) has no contract\\. .*contracts/scenarios.*\\.$`)),
      },
    ]);
  });

  test("a status that no scenario claims and no reason excuses", () => {
    const excused = [{ statuses: others.filter((status) => status !== "409"), reason: "This test does not care." }];
    const gaps = findGaps({ ...whole, unreached: excused });
    expect(gaps.length).toBeGreaterThan(3);
    expect(gaps[0]?.message).toMatch(/^No scenario asks for the status 409 of createMachine\. .*unreached\.yaml/);
    const claiming = [
      ...scenarios,
      { name: "another", steps: [send("createMachine", [{ rule: "SB-ANY", status: 409 }])] },
    ];
    expect(findGaps({ ...whole, scenarios: claiming, unreached: excused })).toEqual(gaps.slice(1));
  });

  test("a reason that excuses nothing", () => {
    const idle = [...unreached, { operations: ["getMachine"], statuses: ["200"], reason: "It was true once." }];
    expect(findGaps({ ...whole, unreached: idle })).toEqual([
      { lacks: "status", message: expect.stringContaining("It was true once.") },
    ]);
  });

  test("an operation that still has a handler", () => {
    const gaps = findGaps({ ...whole, handled: new Set([...handled, "deleteTea"]) });
    expect(gaps).toEqual([{ lacks: "operation", message: expect.stringContaining("deleteTea") }]);
  });

  test("the example of a request body written in place", () => {
    const at = ["requestBody", "content", "application/json", "examples"];
    const gaps = findGaps({ ...whole, document: changed((copy) => remove(copy.paths, "/machines", "post", ...at)) });
    expect(gaps).toEqual([
      {
        lacks: "example",
        message:
          "The application/json body of createMachine's request has no example. " +
          "Add one under examples at #/paths/~1machines/post/requestBody/content/application~1json of openapi.yaml.",
      },
    ]);
  });

  test("the example of a response written in place", () => {
    const at = ["responses", "200", "content", "application/json", "examples"];
    const gaps = findGaps({ ...whole, document: changed((copy) => remove(copy.paths, "/keys", "get", ...at)) });
    expect(gaps.map(({ message }) => message)).toEqual([
      expect.stringContaining("listKeys's 200 response has no example"),
    ]);
  });

  test("the example of a response that many share, once and where it stands", () => {
    const at = ["responses", "Forbidden", "content", "application/json", "examples"];
    const gaps = findGaps({ ...whole, document: changed((copy) => remove(copy.components, ...at)) });
    expect(gaps).toHaveLength(1);
    expect(gaps[0]?.message).toContain("#/components/responses/Forbidden/content/application~1json");
  });

  test("the last of several examples, not one of them", () => {
    const at = ["/machines", "post", "requestBody", "content", "application/json", "examples"];
    const one = changed((copy) => remove(copy.paths, ...at, "plain"));
    expect(findGaps({ ...whole, document: one })).toEqual([]);
    const both = changed((copy) => {
      for (const name of ["plain", "indexed"]) remove(copy.paths, ...at, name);
    });
    expect(findGaps({ ...whole, document: both })).toHaveLength(1);
  });
});

describe("operations that steps claim something about", () => {
  const cases: [string, Step[], string[]][] = [
    ["a call with a claim", [send("a")], ["a"]],
    ["not one without", [send("a", [])], []],
    [
      "pages, and what is between them",
      [{ pages: "a", items: "/x", key: "/y", between: [send("b")], expect: [claim] }],
      ["a", "b"],
    ],
    [
      "repeated, tried",
      [
        { repeat: 2, steps: [send("a")] },
        { eventually: { send: "b", expect: [claim] }, withinMs: 1 },
      ],
      ["a", "b"],
    ],
    ["branches that claim for themselves", [{ parallel: [[send("a")], [send("b", [])]] }], ["a"]],
    [
      "branches whose statuses are claimed together",
      [{ parallel: [[send("a", [])]], expect: [{ rule: "SB-ANY", statuses: { "200": 1 } }] }],
      ["a"],
    ],
    ["no operation at all", [{ request: { method: "GET", path: "/" }, expect: [claim] }], []],
  ];
  test.each(cases)("are %s", (_, steps, ids) => {
    expect(operationsClaimedIn(steps)).toEqual(ids);
  });
});
