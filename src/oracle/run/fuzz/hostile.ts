// Requests that are meant to trouble a program: whatever is answered, it is no server error, tells nothing it shouldn't, and leaves others alone.

import fc from "fast-check";
import { dig } from "../../fill.ts";
import { show } from "../../match.ts";
import type { Draft } from "./draft.ts";
import { draftFor, fittingSamples, hasJsonBody, isMapped, type Kind, type Subject } from "./kind.ts";
import type { Sample } from "./plan.ts";
import { isAccepted, type Session } from "./session.ts";

/** One way to be hostile, as what it does to a draft. */
type Trick =
  | { do: "path"; name: string; text: string }
  | { do: "query"; text: string }
  | { do: "header"; name: string; text: string }
  | { do: "text"; text: string }
  | { do: "wrap"; before: string; after: string }
  | { do: "nest"; depth: number }
  | { do: "pollute"; key: "__proto__" | "constructor" };

const pathTexts = [
  "a%2Fb",
  "../../etc/passwd",
  "a/b",
  "x".repeat(5_000),
  "日本語",
  "\u0000",
  "%",
  "%zz",
  "a b",
  ";drop",
  "__proto__",
  "constructor",
  "😀",
  "a\r\nb",
];

const queryTexts = [
  "cursor=a&cursor=b",
  "cursor[]=a",
  "cursor[__proto__]=a",
  "__proto__=a",
  "constructor[prototype][x]=1",
  "%zz=1",
  "x=%c3%28",
  "&&&=",
  "limit=1e400",
  "limit=1&limit=2",
  "from=2026-01-05T10:00:00Z&from=x",
  "gzip=true&gzip=false",
  `x=${"y".repeat(4_000)}`,
  "cursor=%00",
];

const headerTexts: [string, string][] = [
  ["x-statebacked-act", "{"],
  ["x-statebacked-act", "[]"],
  ["x-statebacked-act", '{"__proto__":{"sub":"root"}}'],
  ["x-statebacked-act", "7"],
  ["x-statebacked-org-id", "__proto__"],
  ["x-statebacked-org-id", "x".repeat(2_000)],
  ["x-statebacked-org-id", "../.."],
  ["accept", "text/html"],
  ["content-encoding", "gzip"],
  ["content-type", "application/json; charset=utf-99"],
  ["content-type", 'application/json; charset="utf-8'],
  ["content-type", ";;;"],
];

const bodyTexts = [
  "",
  "null",
  "[]",
  '"text"',
  "0",
  "1e400",
  "\ufeff{}",
  '{"a":1e999}',
  '{"\\ud800":"\\udfff"}',
  "[".repeat(2_000),
];

function tricksOf(subject: Subject): fc.Arbitrary<Trick> {
  const { parts } = subject;
  // A name in the body's place is the run's own; those in the path are not made, only asked for.
  const names = parts.parameters.filter(({ in: where }) => where === "path").map(({ name }) => name);
  const tricks: fc.Arbitrary<Trick>[] = [
    fc.constantFrom(...queryTexts).map((text) => ({ do: "query", text })),
    fc.constantFrom(...headerTexts).map(([name, text]) => ({ do: "header", name, text })),
  ];
  if (names.length > 0) {
    const path = fc.record({ name: fc.constantFrom(...names), text: fc.constantFrom(...pathTexts) });
    tricks.push(path.map(({ name, text }) => ({ do: "path", name, text })));
  }
  if (hasJsonBody(subject) && parts.isBodyRequired) {
    tricks.push(
      fc.constantFrom(...bodyTexts).map((text) => ({ do: "text", text })),
      fc.constantFrom('{"x":1,', '{"__proto__":{"x":1},').map((before) => ({ do: "wrap", before, after: "" })),
      fc.constantFrom(50, 500, 3_000).map((depth) => ({ do: "nest", depth })),
      fc.constantFrom("__proto__" as const, "constructor" as const).map((key) => ({ do: "pollute", key })),
    );
  }
  return fc.oneof(...tricks);
}

export const hostile: Kind<{ sample: Sample; trick: Trick }> = {
  name: "hostile",
  share: 1 / 8,
  mayRepeat: false,
  samples: (subject) =>
    isMapped(subject) ? null : fc.record({ sample: fittingSamples(subject), trick: tricksOf(subject) }),
  async attempt({ sample, trick }, session, subject) {
    const draft = await draftFor(subject, sample, "refuse");
    const mark = subject.fixture.newName("polluted");
    const answer = await session.send(played(draft, trick, mark));
    if (trick.do === "pollute" && isAccepted(answer)) await unpolluted(session, subject, mark);
  },
};

function played(draft: Draft, trick: Trick, mark: string): Draft {
  const { body, ...bodiless } = draft;
  const whole = JSON.stringify(body ?? {});
  switch (trick.do) {
    case "path":
      return { ...draft, params: { ...draft.params, [trick.name]: trick.text } };
    case "query":
      return { ...draft, rawQuery: trick.text };
    case "header":
      return { ...draft, headers: { [trick.name]: trick.text } };
    case "text":
      return { ...bodiless, text: trick.text };
    case "wrap":
      return { ...bodiless, text: `${trick.before}${whole.slice(1)}${trick.after}` };
    case "nest":
      return { ...bodiless, text: inserted(whole, `"deep":${"[".repeat(trick.depth)}${"]".repeat(trick.depth)}`) };
    case "pollute": {
      const planted = JSON.stringify({ [mark]: mark, public: { [mark]: mark } });
      const poison = trick.key === "__proto__" ? planted : `{"prototype":${planted}}`;
      // Both beside what the operation knows and within what it keeps.
      const withContext = draft.parts.operationId === "createMachineInstance";
      const own = `"${trick.key}":${poison}`;
      return { ...bodiless, text: inserted(whole, withContext ? `${own},"context":{${own}}` : own) };
    }
  }
}

/** With more behind the object's last property. */
function inserted(json: string, property: string): string {
  return `${json.slice(0, -1)}${json === "{}" ? "" : ","}${property}}`;
}

/** An instance that is made afterwards, without any context, has nothing of what was planted. */
async function unpolluted(session: Session, { fixture }: Subject, mark: string): Promise<void> {
  const { value: machineSlug } = await fixture.machine();
  const body = { slug: fixture.newName("clean") };
  const answer = await session.send(fixture.draft("createMachineInstance", { params: { machineSlug }, body }));
  const context = dig(answer.json, "/publicContext");
  const isPolluted = answer.text.includes(mark);
  const refuted = `an instance that was created without a context shows what another request planted: ${show(context)}`;
  session.claim("SB-FUZZ-PROTOTYPE-KEPT", isPolluted ? refuted : null);
}
