// What values from outside may be, each in the words that a refusal says.

/** A value fits, or the words say what would. */
export interface Kind {
  words: string;
  fits(value: unknown): boolean;
}

/** The longest that a timer of Node's waits; asked for more, it doesn't wait at all. */
export const longestWaitMs = 2 ** 31 - 1;

export const text: Kind = {
  words: "text that is not empty",
  fits: (value) => typeof value === "string" && value !== "",
};

export const texts: Kind = {
  words: "a list of texts",
  fits: (value) => Array.isArray(value) && value.every((each) => text.fits(each)),
};

export const yesOrNo: Kind = { words: "true or false", fits: (value) => typeof value === "boolean" };

export const port: Kind = { words: "a port from 0 to 65535", fits: (value) => isWhole(value, 0, 65_535) };

export const wait: Kind = {
  words: `a number of milliseconds above zero, at most ${longestWaitMs}`,
  fits: (value) => typeof value === "number" && value > 0 && value <= longestWaitMs,
};

export const webAddress: Kind = {
  words: "an absolute http or https URL",
  fits: (value) => typeof value === "string" && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol),
};

export const listener: Kind = { words: "a function", fits: (value) => typeof value === "function" };

export const someObject: Kind = { words: "an object", fits: isObject };

/** For what somebody else looks at more closely. */
export const anything: Kind = { words: "anything", fits: () => true };

export function oneOf(...words: string[]): Kind {
  const quoted = words.map((word) => JSON.stringify(word));
  return {
    words: `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`,
    fits: (value) => words.some((word) => word === value),
  };
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}
