/**
 * Positions in text. Inside spanmill a position counts UTF-16 code units, so that `text.slice(start, end)` is
 * the surface; records say which unit theirs count. Ranges are half-open.
 */

declare const utf16: unique symbol;

/** A position between two UTF-16 code units of a named text. */
export type Utf16Offset = number & { readonly [utf16]: true };

export interface Range {
  readonly start: Utf16Offset;
  readonly end: Utf16Offset;
}

export const OFFSET_UNITS = ["code_point", "utf16", "utf8"] as const;
export type OffsetUnit = (typeof OFFSET_UNITS)[number];

export function range(start: number, end: number): Range {
  return { start: start as Utf16Offset, end: end as Utf16Offset };
}

/**
 * Gives the function from UTF-16 offsets of `text` to offsets counted in `unit`. Offsets may be asked for in
 * any order; asking in ascending order is linear in the text, and free where the text is ASCII.
 *
 * A lone surrogate counts as one code point and as the three bytes of U+FFFD, which is what every encoder
 * writes for it. An offset inside a surrogate pair counts as the one before the pair.
 */
export function offsetsIn(text: string, unit: OffsetUnit): (offset: number) => number {
  if (unit === "utf16" || isAscii(text)) return (offset) => offset;
  const width = unit === "code_point" ? () => 1 : utf8Width;
  let at = 0;
  let count = 0;
  return (offset) => {
    if (offset < at) {
      at = 0;
      count = 0;
    }
    while (at < offset && at < text.length) {
      const codePoint = text.codePointAt(at)!;
      const units = codePoint > 0xffff ? 2 : 1;
      if (at + units > offset) break;
      at += units;
      count += width(codePoint);
    }
    return count;
  };
}

/**
 * Widens a range of `text` so that it cuts no grapheme cluster (UAX #29). `notBefore` bounds the widening to
 * the left, so that neighbouring ranges of one list never come to overlap.
 */
export function snapToGraphemes(text: string, { start, end }: Range, notBefore = 0): Range {
  if (mayCutGrapheme(text, start) || mayCutGrapheme(text, end)) {
    // Graphemes are local, but Intl.Segmenter reads all it is given: give it what stands near.
    const from = wholeCodePoint(text, Math.max(0, start - CONTEXT));
    const to = Math.min(text.length, end + CONTEXT);
    const segments = graphemes.segment(text.slice(from, to));
    const first = segments.containing(start - from);
    const last = end > start ? segments.containing(end - 1 - from) : undefined;
    return range(
      Math.max(notBefore, first === undefined ? start : from + first.index),
      last === undefined ? end : from + last.index + last.segment.length,
    );
  }
  return range(start, end);
}

/** Code units looked at on either side of a range; no grapheme in use is near as long. */
const CONTEXT = 128;

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

/** Between two ASCII characters a grapheme is only ever cut inside CR LF; those need no segmenter. */
function mayCutGrapheme(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return false;
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before > 0x7e || after > 0x7e || (before === 0x0d && after === 0x0a);
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

function utf8Width(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

function wholeCodePoint(text: string, offset: number): number {
  const inPair = offset > 0 && isLow(text.charCodeAt(offset)) && isHigh(text.charCodeAt(offset - 1));
  return inPair ? offset - 1 : offset;
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
