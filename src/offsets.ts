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
 * Widens a range of `text` so that it cuts no grapheme cluster (UAX #29). An empty range cuts none and stays.
 *
 * `notBefore` is a border between graphemes, in practice the end of the range snapped before this one; no range
 * reaches over it, so that neighbours never come to overlap. A range that lies wholly before it ends up empty.
 */
export function snapToGraphemes(text: string, { start, end }: Range, notBefore = 0): Range {
  const from = Math.max(start, notBefore);
  if (start === end || end <= from) return range(from, from);
  if (!mayCutGrapheme(text, from) && !mayCutGrapheme(text, end)) return range(from, end);
  // Graphemes are local, but Intl.Segmenter reads all it is given: give it what stands near.
  const left = wholeFlags(text, Math.max(notBefore, wholeCodePoint(text, from - CONTEXT)), notBefore);
  const segments = graphemes.segment(text.slice(left, end + CONTEXT));
  const first = segments.containing(from - left);
  const last = segments.containing(end - 1 - left);
  return range(left + first!.index, left + last!.index + last!.segment.length);
}

/** Code units looked at on either side of a range; no grapheme in use is near as long. */
const CONTEXT = 128;

const graphemes = new Intl.Segmenter("und", { granularity: "grapheme" });

function mayCutGrapheme(text: string, offset: number): boolean {
  if (offset <= 0 || offset >= text.length) return false;
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return !standsAlone(before) || !standsAlone(after) || (before === 0x0d && after === 0x0a);
}

/**
 * True for code units that never join one another into a grapheme, but for CR LF: European letters, CJK, kana and
 * common punctuation. Those need no segmenter, which is what costs here.
 */
function standsAlone(unit: number): boolean {
  return (
    unit < 0x300 ||
    (unit >= 0x370 && unit <= 0x482) ||
    (unit >= 0x48a && unit <= 0x590) ||
    (unit >= 0x2010 && unit <= 0x2027) ||
    (unit >= 0x3000 && unit <= 0x3029) ||
    (unit >= 0x309b && unit <= 0x9fff) ||
    (unit >= 0x3040 && unit <= 0x3098)
  );
}

/**
 * Moves back over regional indicators to where their run starts. They pair up into flags from there, so this is the
 * one place where graphemes depend on what stands far to their left.
 */
function wholeFlags(text: string, offset: number, notBefore: number): number {
  let at = offset;
  if (isRegionalIndicator(text, at)) while (at - 2 >= notBefore && isRegionalIndicator(text, at - 2)) at -= 2;
  return at;
}

function isRegionalIndicator(text: string, offset: number): boolean {
  const low = text.charCodeAt(offset + 1);
  return text.charCodeAt(offset) === 0xd83c && low >= 0xdde6 && low <= 0xddff;
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
