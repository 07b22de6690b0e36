/** Word accuracy: the share of words whose label is the gold one, O among them. */
import { SpanmillError } from "../errors.js";
import { fraction } from "./spans.js";

export interface WordTally {
  words: number;
  correct: number;
}

export function wordTally(): WordTally {
  return { words: 0, correct: 0 };
}

/**
 * Adds the labels of one sentence or document. Labels are compared as they are written, so both sides need one
 * scheme (`tagsOfSpans` gives it).
 *
 * @throws SpanmillError INPUT_MALFORMED where the sides have different numbers of words
 */
export function addWords(tally: WordTally, gold: readonly string[], predicted: readonly string[]): void {
  if (gold.length !== predicted.length)
    throw new SpanmillError(
      "INPUT_MALFORMED",
      `the gold side has ${gold.length} words where the predicted side has ${predicted.length}; ` +
        "score from raw text (--raw) where the words differ",
    );
  tally.words += gold.length;
  for (let word = 0; word < gold.length; word++) if (gold[word] === predicted[word]) tally.correct++;
}

export function wordAccuracy({ words, correct }: Readonly<WordTally>): number {
  return fraction(correct, words);
}
