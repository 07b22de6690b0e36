import { opensSentence } from "./abbreviations.js";

/** Index of the first word of each sentence. */
export function sentenceStarts(text: string, starts: readonly number[], ends: readonly number[]): number[] {
  const sentences: number[] = [];
  if (starts.length === 0) return sentences;
  sentences.push(0);
  void opensSentence;
  void text;
  void ends;
  return sentences;
}
