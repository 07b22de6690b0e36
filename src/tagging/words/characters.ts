/**
 * What kind of character a code point is to the word splitter, and where the grapheme cluster (UAX #29) that
 * starts at an offset ends. Kinds are looked up once per code point and kept, so that scanning costs an array read.
 */

export const Kind = {
  unknown: 0,
  /** Letters of every script written in words, Hangul among them, and invisible format characters. */
  letter: 1,
  digit: 2,
  /** One character is one word. */
  han: 3,
  /** A run is one word. */
  kana: 4,
  /** Belongs to the character before it: combining marks, joiners, variation selectors, skin tones. */
  extend: 5,
  /** Belongs to the character after it (the Prepend class of UAX #29). */
  prepend: 6,
  /** Two make a flag. */
  regional: 7,
  /** Punctuation, symbols, lone surrogates, unassigned. */
  mark: 8,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

export function kindAt(text: string, at: number): Kind {
  const unit = text.charCodeAt(at);
  const codePoint = unit >= 0xd800 && unit <= 0xdbff ? text.codePointAt(at)! : unit;
  const known = kinds[codePoint]!;
  if (known !== Kind.unknown) return known as Kind;
  const kind = kindOf(codePoint);
  kinds[codePoint] = kind;
  return kind;
}

/** End of the code point at `at`. */
export function nextCodePoint(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff || at + 1 >= text.length) return at + 1;
  const low = text.charCodeAt(at + 1);
  return low >= 0xdc00 && low <= 0xdfff ? at + 2 : at + 1;
}

/** End of the grapheme cluster that starts at `at`, at most `limit`. */
export function clusterEnd(text: string, at: number, limit: number): number {
  const next = nextCodePoint(text, at);
  const flag = kindAt(text, at) === Kind.regional && next < limit && kindAt(text, next) === Kind.regional;
  return closeCluster(text, flag ? nextCodePoint(text, next) : next, limit);
}

/** Moves `end`, the end of a whole code point, on to where no grapheme cluster is cut, at most to `limit`. */
export function closeCluster(text: string, end: number, limit: number): number {
  let at = end;
  while (at < limit) {
    const unit = text.charCodeAt(at);
    const before = text.charCodeAt(at - 1);
    if (unit < 0x300 && before < 0x300) return at; // nothing below U+0300 joins
    if (kindAt(text, at) === Kind.extend) at = nextCodePoint(text, at);
    else if (before === ZERO_WIDTH_JOINER && isPictograph(text, at)) at = nextCodePoint(text, at);
    else if (kindAt(text, codePointBefore(text, at)) === Kind.prepend) return clusterEnd(text, at, limit);
    else return at;
  }
  return at;
}

/** True for characters that make up words by runs. */
export function inWordRun(kind: Kind): boolean {
  return kind === Kind.letter || kind === Kind.digit || kind === Kind.extend || kind === Kind.prepend;
}

const ZERO_WIDTH_JOINER = 0x200d;
const kinds = new Uint8Array(0x110000);

const EXTEND = /[\p{M}\p{Grapheme_Extend}\p{Emoji_Modifier}\u0e33\u0eb3]|\u200c|\u200d/u;
const PREPEND =
  /[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\u{110bd}\u{110cd}\u{111c2}\u{111c3}\u{113d1}\u{1193f}\u{11941}\u{11a3a}\u{11a84}-\u{11a89}\u{11d46}\u{11f02}]/u;
const PICTOGRAPH = /\p{Extended_Pictographic}/u;

function kindOf(codePoint: number): Kind {
  const char = String.fromCodePoint(codePoint);
  if (EXTEND.test(char)) return Kind.extend;
  if (PREPEND.test(char)) return Kind.prepend;
  if (/\p{Regional_Indicator}/u.test(char)) return Kind.regional;
  if (/\p{Script=Han}/u.test(char)) return Kind.han;
  if (/[\p{Script=Hiragana}\p{Script=Katakana}\u30fc]/u.test(char)) return Kind.kana;
  if (/[\p{L}\p{Cf}]/u.test(char)) return Kind.letter;
  if (/\p{N}/u.test(char)) return Kind.digit;
  return Kind.mark;
}

function isPictograph(text: string, at: number): boolean {
  return PICTOGRAPH.test(text.slice(at, nextCodePoint(text, at)));
}

function codePointBefore(text: string, at: number): number {
  const low = text.charCodeAt(at - 1);
  if (low < 0xdc00 || low > 0xdfff || at < 2) return at - 1;
  const high = text.charCodeAt(at - 2);
  return high >= 0xd800 && high <= 0xdbff ? at - 2 : at - 1;
}
