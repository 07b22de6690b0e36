/**
 * The shape of a word: what an encoder that reads lower-case pieces would not see of it. An encoder that was trained
 * with shapes is fed the shape's index in the place of a token type, at every piece of the word.
 */

/** In index order. Index 0 stands at special tokens. Append only: models depend on the order. */
export const WORD_SHAPES = [
  "none",
  "lower",
  "title",
  "upper",
  "capital",
  "mixed",
  "digits",
  "number",
  "letters and digits",
  "symbols",
  "caseless",
  "address",
] as const;

export type WordShape = (typeof WORD_SHAPES)[number];

/** Index in `WORD_SHAPES`. Never 0. Linear time. */
export function wordShape(word: string): number {
  return INDEX.get(shapeOf(word))!;
}

/**
 * The shape of the same word written all in small letters, or all in capitals. A shape does not tell how long its word
 * is: a single small letter becomes `upper` here, though its capital is `capital`.
 */
export function recased(shape: number, to: "lower" | "upper"): number {
  const name = WORD_SHAPES[shape]!;
  if (!CASED.has(name)) return shape;
  if (to === "lower") return INDEX.get("lower")!;
  return INDEX.get(name === "capital" ? "capital" : "upper")!;
}

const INDEX: ReadonlyMap<WordShape, number> = new Map(WORD_SHAPES.map((name, i) => [name, i]));
const CASED: ReadonlySet<string> = new Set(["lower", "title", "upper", "capital", "mixed"]);

/** A scheme, an e-mail address, or a host and a path; not `and/or`, `TCP/IP` or `U.S./British`. */
const ADDRESS =
  /^(?:[a-z][a-z\d+.-]*:\/\/\S|https?:|www\.|[^\s@]+@[^\s@]+$|[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.\p{L}{2,}\/\S)/iu;
const DIGITS = /^\p{Nd}+$/u;
/** Digits and fractions with marks of numbers, money, dates and times among them, the Arabic and full-width ones too. */
const NUMBER =
  /^(?=.*[\p{Nd}\p{No}])[\p{Nd}\p{No}.,:/'%+\-\u2010-\u2015\u2019\u2212\p{Sc}#°\u066a-\u066c\uff05\uff0c\uff0e]+$/u;
const LETTER = /\p{L}/u;
const DIGIT = /\p{Nd}/u;
const LOWER = /\p{Ll}/u;
const UPPER = /[\p{Lu}\p{Lt}]/u;
const TWO_UPPER = /[\p{Lu}\p{Lt}][^\p{Lu}\p{Lt}]*[\p{Lu}\p{Lt}]/u;
/** No small letter stands before the first capital. */
const UPPER_FIRST = /^[^\p{Ll}]*[\p{Lu}\p{Lt}]/u;

function shapeOf(word: string): WordShape {
  if (DIGITS.test(word)) return "digits";
  if (NUMBER.test(word)) return "number";
  if (!LETTER.test(word)) return "symbols";
  if (ADDRESS.test(word)) return "address";
  if (DIGIT.test(word)) return "letters and digits";
  const lower = LOWER.test(word);
  if (!UPPER.test(word)) return lower ? "lower" : "caseless";
  const several = TWO_UPPER.test(word);
  if (!lower) return several ? "upper" : "capital";
  return !several && UPPER_FIRST.test(word) ? "title" : "mixed";
}
