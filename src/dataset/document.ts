import { SpanmillError } from "../errors.js";

/**
 * Labelled data as plain data: what readers give and what evaluation and training take. Words first, text
 * second: label files hold words, and `textOf` makes the text.
 */
export interface LabelledDocument {
  /** The document's name in its file, `undefined` where the file gives none. */
  readonly id: string | undefined;
  /** The line its first sentence, or its mark, stands on. */
  readonly line: number;
  /** A name for each of a sentence's columns: `1`, `2`, … in CoNLL, `id`, `form`, `lemma`, … in CoNLL-U. */
  readonly columnNames: readonly string[];
  /** Whether `spaceAfter` was in the file (CoNLL-U) or is only a guess (CoNLL: always true). */
  readonly hasSpacing: boolean;
  readonly sentences: readonly LabelledSentence[];
}

export interface LabelledSentence {
  /** `# sent_id`. */
  readonly id: string | undefined;
  /** The line of its first word. */
  readonly line: number;
  readonly words: readonly string[];
  /** Whether white space follows word i; for the last word: whether it parts the sentence from the next. */
  readonly spaceAfter: readonly boolean[];
  /** `columns[c][i]` is column c of word i. */
  readonly columns: readonly (readonly string[])[];
  /** Whether the file says that a paragraph begins here (`# newpar`). */
  readonly newParagraph: boolean;
  /** `# text`: the sentence as it was written. */
  readonly text: string | undefined;
  /** Multi-word tokens of CoNLL-U, ascending. */
  readonly tokens: readonly MultiWordToken[];
}

/** Words `first` to `last` (both included, from 0) are written as one: `surface`. */
export interface MultiWordToken {
  readonly first: number;
  readonly last: number;
  readonly surface: string;
}

/** A document with spans over its text, as JSONL holds them. */
export interface SpanDocument {
  readonly id: string | undefined;
  readonly line: number;
  readonly text: string;
  /** By start, then end. They may overlap: the file says what it says. */
  readonly spans: readonly LabelledSpan[];
}

/** A half-open range in UTF-16 code units and its label. */
export interface LabelledSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/** A document as spanmill labelled it: what writers take. Offsets are UTF-16, words hold no white space. */
export interface AnnotatedDocument {
  readonly id: string;
  readonly text: string;
  readonly words: { readonly starts: ArrayLike<number>; readonly ends: ArrayLike<number> };
  /** The first word of each sentence, ascending from 0; empty where there are no words. */
  readonly sentences: ArrayLike<number>;
  /** In the order of their columns. */
  readonly lenses: readonly AnnotatedLens[];
}

export interface AnnotatedLens {
  readonly name: string;
  /** A tag for each word: `B-PER`, `NOUN`. */
  readonly tags: readonly string[];
  /** Empty for a lens without spans. Ascending; those of one lens do not overlap. */
  readonly spans: readonly LabelledSpan[];
}

/**
 * Finds a column by its name, or by its number: from 1, or from -1 at the end.
 *
 * @throws SpanmillError USAGE where there is no such column.
 */
export function findColumn(columnNames: readonly string[], wanted: string | number): number {
  const named = columnNames.indexOf(String(wanted).toLowerCase());
  if (named !== -1) return named;
  const number = Number(wanted);
  const index = number < 0 ? columnNames.length + number : number - 1;
  if (Number.isInteger(index) && index >= 0 && index < columnNames.length) return index;
  const numbers = `1 to ${columnNames.length}, or -1 to -${columnNames.length} from the end`;
  const names = columnNames[0] === "1" ? "" : `, or by name: ${columnNames.join(", ")}`;
  throw new SpanmillError("USAGE", `There is no column "${wanted}". Columns are ${numbers}${names}.`);
}
