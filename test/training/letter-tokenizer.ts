/** A piece for each letter, whatever stands before the word: as the trainer reads words. */
import type { WordTokenizer } from "../../src/tagging/pieces.js";

export function letterTokenizer(): WordTokenizer {
  return {
    encode: (word) => [...word].map((letter) => 10 + letter.charCodeAt(0)),
    prefix: [1],
    suffix: [2],
    unknown: 3,
    readsBlanks: false,
  };
}
