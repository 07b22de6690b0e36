import { isWhiteSpace } from "../whitespace.js";
import type { LabelledDocument, LabelledSentence } from "./document.js";

export interface DocumentText {
  readonly text: string;
  /**
   * Ranges of all words of the document, in UTF-16. The words of a multi-word token whose forms do not make up
   * its surface (French `du` for `de` and `le`) all have the range of the token, as in the CoNLL 2018 shared
   * task; no other two words overlap.
   */
  readonly words: { readonly starts: readonly number[]; readonly ends: readonly number[] };
  /** The first word of each sentence. */
  readonly sentences: readonly number[];
  /** Why the text of a sentence is not the one the file gives, with its line. */
  readonly notes: readonly string[];
}

/**
 * The raw text of a document. A sentence reads as its `# text` says where that holds its words in order, else
 * as its words and their `spaceAfter` do. Between sentences stand a blank line where a paragraph begins, a line
 * feed where the file knows no spacing (CoNLL), else one blank or, after SpaceAfter=No, nothing.
 */
export function textOf(document: LabelledDocument): DocumentText {
  const parts: string[] = [];
  const starts: number[] = [];
  const ends: number[] = [];
  const sentences: number[] = [];
  const notes: string[] = [];
  let length = 0;
  let previous: LabelledSentence | undefined;
  for (const sentence of document.sentences) {
    const gap = previous === undefined ? "" : gapBetween(previous, sentence, document.hasSpacing);
    const units = unitsOf(sentence);
    const aligned = sentence.text === undefined ? undefined : align(sentence.text, units);
    if (sentence.text !== undefined && aligned === undefined) {
      notes.push(
        `line ${sentence.line}: # text does not hold the words in order; the words themselves are used`,
      );
    }
    const { text, positions } = aligned ?? compose(units);
    length += gap.length;
    sentences.push(starts.length);
    for (let u = 0; u < units.length; u++) place(units[u]!, length + positions[u]!, starts, ends);
    length += text.length;
    parts.push(gap, text);
    previous = sentence;
  }
  return { text: parts.join(""), words: { starts, ends }, sentences, notes };
}

function gapBetween(before: LabelledSentence, after: LabelledSentence, hasSpacing: boolean): string {
  if (after.newParagraph) return "\n\n";
  if (!hasSpacing) return "\n";
  return before.spaceAfter.at(-1) === false ? "" : " ";
}

/** What is written as one: a word, or a multi-word token with its words. */
interface Unit {
  readonly surface: string;
  readonly words: readonly string[];
  readonly spaceAfter: boolean;
}

function unitsOf({ words, spaceAfter, tokens }: LabelledSentence): Unit[] {
  const units: Unit[] = [];
  let nextToken = 0;
  for (let i = 0; i < words.length; i++) {
    const token = tokens[nextToken];
    if (token?.first === i) {
      const own = words.slice(i, token.last + 1);
      units.push({ surface: token.surface, words: own, spaceAfter: spaceAfter[token.last] ?? true });
      nextToken++;
      i = token.last;
    } else units.push({ surface: words[i]!, words: [words[i]!], spaceAfter: spaceAfter[i] ?? true });
  }
  return units;
}

interface SentenceText {
  readonly text: string;
  /** Where each unit starts. */
  readonly positions: readonly number[];
}

/** Finds the units in the text, white space and nothing else between them. */
function align(text: string, units: readonly Unit[]): SentenceText | undefined {
  const positions: number[] = [];
  let at = 0;
  for (const { surface } of units) {
    // A word may itself be what counts as white space, so look before skipping.
    if (!text.startsWith(surface, at)) at = afterSpace(text, at);
    if (!text.startsWith(surface, at)) return undefined;
    positions.push(at);
    at += surface.length;
  }
  return afterSpace(text, at) === text.length ? { text, positions } : undefined;
}

function compose(units: readonly Unit[]): SentenceText {
  const positions: number[] = [];
  let text = "";
  units.forEach(({ surface, spaceAfter }, i) => {
    positions.push(text.length);
    text += spaceAfter && i < units.length - 1 ? `${surface} ` : surface;
  });
  return { text, positions };
}

function place({ surface, words }: Unit, start: number, starts: number[], ends: number[]): void {
  const exact = words.join("") === surface;
  let at = start;
  for (const word of words) {
    starts.push(at);
    ends.push(exact ? at + word.length : start + surface.length);
    if (exact) at += word.length;
  }
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isWhiteSpace(text.charCodeAt(at))) at++;
  return at;
}
