import { isWhiteSpace } from "../../whitespace.js";
import { splitStretch } from "./rules.js";
import { sentenceStarts } from "./sentences.js";
import { LONGEST_MERGED } from "./tables.js";

/** Half-open UTF-16 ranges of the words of a text, ascending, and the index of each sentence's first word. */
export interface Words {
  readonly starts: number[];
  readonly ends: number[];
  /** Ascending, from 0; empty where there are no words. */
  readonly sentences: number[];
}

/**
 * Splits a text into words and sentences as the UD English EWT treebank does (syntactic words: `do n't`,
 * `John 's`, `15 - year`). Every code unit is in exactly one word or is white space; no word cuts a grapheme
 * cluster, unless the cluster holds white space. Works on any text, in time linear in its length.
 */
export function splitWords(text: string): Words {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  while (at < text.length) {
    if (isWhiteSpace(text.charCodeAt(at))) {
      at++;
      continue;
    }
    let end = at;
    while (end < text.length && isAsciiLetter(text.charCodeAt(end))) end++;
    const plain = end === text.length || isWhiteSpace(text.charCodeAt(end));
    if (plain && (end - at > LONGEST_MERGED || end === at + 1)) {
      starts.push(at);
      ends.push(end);
    } else {
      while (end < text.length && !isWhiteSpace(text.charCodeAt(end))) end++;
      splitStretch(text, at, end, starts, ends);
    }
    at = end;
  }
  return { starts, ends, sentences: sentenceStarts(text, starts, ends) };
}

function isAsciiLetter(unit: number): boolean {
  return (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a);
}
