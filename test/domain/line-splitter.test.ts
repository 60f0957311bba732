// Lines come out whole, however the text was cut on its way.

import { expect, test } from "vitest";
import { lineSplitter } from "../../src/domain/line-splitter.ts";

test("the same lines for every place where the text may be cut, and none that is not ended", () => {
  const text = 'one\n\n{"two":"\u2028\r"}\nth\u{1f600}ree\nunfinished';
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) {
      const lines: string[] = [];
      const take = lineSplitter((line) => lines.push(line));
      for (const piece of [text.slice(0, first), text.slice(first, second), text.slice(second)]) take(piece);
      expect(lines).toEqual(["one", "", '{"two":"\u2028\r"}', "th\u{1f600}ree"]);
    }
  }
});
