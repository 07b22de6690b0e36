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

/** Index in `WORD_SHAPES`. Never 0. */
export function wordShape(word: string): number {
  return INDEX.get(shapeOf(word))!;
}

/** Shapes of the same word written all in small letters, and all in capitals. Linear time. */
export function recased(shape: number, to: "lower" | "upper"): number {
  const name = WORD_SHAPES[shape]!;
  if (!CASED.has(name)) return shape;
  if (to === "lower") return INDEX.get("lower")!;
  return INDEX.get(name === "capital" ? "capital" : "upper")!;
}

const INDEX: ReadonlyMap<WordShape, number> = new Map(WORD_SHAPES.map((name, i) => [name, i]));
const CASED: ReadonlySet<string> = new Set(["lower", "title", "upper", "capital", "mixed"]);

const ADDRESS = /^(?:https?:|www\.|[^\s@]+@[^\s@]+$|[\w.-]+\/\S)/iu;
const DIGITS = /^\p{Nd}+$/u;
/** Digits with marks of numbers, money, dates and times among them. */
const NUMBER = /^(?=.*\p{Nd})[\p{Nd}.,:/'%+\-\u2010-\u2015\p{Sc}#]+$/u;
const LETTER = /\p{L}/u;
const UPPER = /\p{Lu}|\p{Lt}/gu;
const LOWER = /\p{Ll}/gu;
const DIGIT = /\p{Nd}/u;

function shapeOf(word: string): WordShape {
  if (DIGITS.test(word)) return "digits";
  if (NUMBER.test(word)) return "number";
  if (!LETTER.test(word)) return "symbols";
  if (ADDRESS.test(word)) return "address";
  if (DIGIT.test(word)) return "letters and digits";
  const uppers = count(word, UPPER);
  const lowers = count(word, LOWER);
  if (uppers + lowers === 0) return "caseless";
  if (uppers === 0) return "lower";
  if (lowers === 0) return uppers === 1 ? "capital" : "upper";
  return uppers === 1 && /^[^\p{L}]*(?:\p{Lu}|\p{Lt})/u.test(word) ? "title" : "mixed";
}

function count(word: string, pattern: RegExp): number {
  return word.match(pattern)?.length ?? 0;
}
