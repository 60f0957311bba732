// The order of texts by their bytes in UTF-8, which JavaScript's own comparison is not: it puts astral characters before U+E000.

/** Negative when `a` comes first, 0 for equal texts. A lone surrogate, which UTF-8 can't write, sorts as the code point it is. */
export function compareAsUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [unitOfA, unitOfB] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (unitOfA !== unitOfB) return rank(unitOfA, a, i) - rank(unitOfB, b, i);
  }
  return a.length - b.length;
}

/** Orders code units as the code points they belong to: halves of astral characters after all others. */
function rank(unit: number, text: string, i: number): number {
  const isHigh = unit >= 0xd800 && unit < 0xdc00;
  const isLow = unit >= 0xdc00 && unit < 0xe000;
  const isPaired = (isHigh && isUnit(text, i + 1, 0xdc00)) || (isLow && isUnit(text, i - 1, 0xd800));
  return isPaired ? unit + 0x1_0000 : unit;
}

/** Whether the unit at `i` is of the half of the surrogates that begins at `start`. */
function isUnit(text: string, i: number, start: number): boolean {
  const unit = text.charCodeAt(i);
  return unit >= start && unit < start + 0x400;
}
