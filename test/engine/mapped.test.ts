// What a worker says a mapper returned is read with suspicion: a worker that machine code took over may say anything.

import { expect, test } from "vitest";
import { describeUnmappable, readMappedEvent, readMappedResponse } from "../../src/engine/mapped.ts";

const response = JSON.stringify({ statusCode: 200, headers: {}, body: null });

test("a right answer is read", () => {
  expect(readMappedEvent('{"machineInstanceName":"a","event":"E","authContext":{}}')).toEqual({
    machineInstanceName: "a",
    event: { type: "E" },
    authContext: {},
  });
  expect(readMappedResponse(response, "AP8=")).toEqual({
    status: 200,
    headers: { "content-type": "application/octet-stream" },
    body: Buffer.from([0, 255]),
  });
});

test.each([[undefined], [null], [7], [{}], [{ length: 4e9 }], ["{"], [""], [`${"[".repeat(1e6)}`]])(
  "%j in the place of the text is refused",
  (json) => {
    expect(() => readMappedEvent(json as string)).toThrow();
    expect(() => readMappedResponse(json as string, undefined)).toThrow();
  },
);

test.each([[null], [7], [[]], [{ length: 4e9 }]])(
  "%j in the place of the bytes is refused, and not made room for",
  (base64) => {
    expect(() => readMappedResponse(response, base64 as unknown as string)).toThrow("wrong body");
  },
);

test("what is wrong is told to the machine's author, what is broken is not", () => {
  const told = (read: () => unknown) => {
    try {
      return read();
    } catch (error) {
      return describeUnmappable(error);
    }
  };
  expect(told(() => readMappedEvent("[]"))).toBe("must return an object, and it returned []");
  expect(told(() => readMappedEvent("{"))).toBe("returned what can't be read");
});
