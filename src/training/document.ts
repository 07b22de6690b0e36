/** Labelled words as training takes them: labels of all lenses side by side, as numbers. */

/** The answer of a word that has no label in a lens. */
export const UNLABELLED = -100;

export interface TrainingDocument {
  readonly sentences: readonly TrainingSentence[];
}

export interface TrainingSentence {
  readonly words: readonly string[];
  /** Whether white space stands before word i; of the first word: true. */
  readonly blankBefore: readonly boolean[];
  /** Whether a paragraph begins here. Where a file marks none, each sentence is one. */
  readonly newParagraph: boolean;
  /**
   * `answers[l][i]`: what lens l of the recipe says of word i. A label's index; or the number of labels plus the index
   * of a set in `AnswerSets`; or UNLABELLED. Undefined: nothing of the whole sentence.
   */
  readonly answers: readonly (Int16Array | undefined)[];
}

/** For each lens of the recipe, sets of labels of which any is right (see `labelLoss`). */
export type AnswerSets = readonly (readonly (readonly number[])[])[];
