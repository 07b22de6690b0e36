/**
 * Scores of a system that began from raw text, so that its words and sentences need not be the gold ones.
 * Words, sentences and word labels are scored as conll18_ud_eval.py 1.2 (CoNLL 2018 shared task) does: both sides
 * are laid on the text without its white space, words are the same where they cover the same characters, and the
 * words of multi-word tokens are aligned by their forms. Spans of lenses are scored over characters.
 */
import { SpanmillError } from "../errors.js";
import type { TagSpan } from "../tagging/schemes.js";
import { isWhiteSpace } from "../whitespace.js";
import { alignWords, type LaidWord } from "./align.js";
import {
  addSpans,
  type Counts,
  fraction,
  noCounts,
  type Ratios,
  ratios,
  type SpanScores,
  type SpanTally,
  spanScores,
  spanTally,
} from "./spans.js";

/** A stretch of the text. White space in `form` is ignored. */
export interface RawToken {
  readonly form: string;
  /** For a multi-word token (CoNLL-U's `3-4`): the forms of its words. Left out, the token is one word. */
  readonly words?: readonly string[];
}

/** One side of a document. */
export interface RawDocument {
  readonly tokens: readonly RawToken[];
  /** Index of the first token of each sentence, ascending. */
  readonly sentences: readonly number[];
  /** By lens: the label of each word (words, not tokens). */
  readonly labels?: Readonly<Record<string, readonly string[]>>;
  /** By lens: spans over word indexes. */
  readonly spans?: Readonly<Record<string, readonly TagSpan[]>>;
}

export interface RawTally {
  readonly words: Counts;
  readonly sentences: Counts;
  readonly labels: Map<string, Counts & { aligned: number }>;
  readonly spans: Map<string, SpanTally>;
}

export interface LabelScores extends Ratios {
  /** The share of right labels among the words that both sides have. */
  readonly accuracy: number;
}

export interface RawScores {
  readonly words: Ratios;
  readonly sentences: Ratios;
  readonly labels: Readonly<Record<string, LabelScores>>;
  readonly spans: Readonly<Record<string, SpanScores>>;
}

export function rawTally(): RawTally {
  return { words: noCounts(), sentences: noCounts(), labels: new Map(), spans: new Map() };
}

/**
 * Adds one document. Lenses that only one side has are left out. A gold word of white space alone counts as
 * missed.
 *
 * @throws SpanmillError INPUT_MALFORMED where the sides hold different texts, or a list of labels does not match
 * the words; the tally is then as it was
 */
export function addRaw(tally: RawTally, gold: RawDocument, predicted: RawDocument): void {
  const goldSide = layOut(gold);
  const predictedSide = layOut(predicted);
  checkSameText(goldSide.text, predictedSide.text);
  const lenses = Object.keys(gold.labels ?? {}).filter((lens) => predicted.labels?.[lens] !== undefined);
  for (const lens of lenses) {
    checkLabels(lens, "gold", gold.labels![lens]!, goldSide.words);
    checkLabels(lens, "predicted", predicted.labels![lens]!, predictedSide.words);
  }
  addSentences(tally.sentences, goldSide.sentences, predictedSide.sentences);
  const pairs = alignWords(goldSide.words, predictedSide.words);
  tally.words.gold += goldSide.words.length;
  tally.words.predicted += predictedSide.words.length;
  tally.words.correct += pairs.length;
  for (const lens of lenses) {
    const goldLabels = gold.labels![lens]!;
    const labels = predicted.labels![lens]!;
    const counts = entryOf(tally.labels, lens, () => ({ ...noCounts(), aligned: 0 }));
    counts.gold += goldLabels.length;
    counts.predicted += labels.length;
    counts.aligned += pairs.length;
    for (const [g, p] of pairs) if (goldLabels[g] === labels[p]) counts.correct++;
  }
  for (const [lens, goldSpans] of Object.entries(gold.spans ?? {})) {
    const spans = predicted.spans?.[lens];
    if (spans === undefined) continue;
    addSpans(
      entryOf(tally.spans, lens, spanTally),
      overCharacters(goldSpans, goldSide.words),
      overCharacters(spans, predictedSide.words),
    );
  }
}

export function rawScores(tally: RawTally): RawScores {
  const labels = [...tally.labels].map(([lens, counts]): [string, LabelScores] => [
    lens,
    { ...ratios(counts), accuracy: fraction(counts.correct, counts.aligned) },
  ]);
  const spans = [...tally.spans].map(([lens, counts]): [string, SpanScores] => [lens, spanScores(counts)]);
  return {
    words: ratios(tally.words),
    sentences: ratios(tally.sentences),
    labels: Object.fromEntries(labels),
    spans: Object.fromEntries(spans),
  };
}

interface Side {
  /** The forms of the tokens without white space; offsets below count in it. */
  readonly text: string;
  readonly words: readonly LaidWord[];
  readonly sentences: readonly { readonly start: number; readonly end: number }[];
}

function layOut({ tokens, sentences }: RawDocument): Side {
  const words: LaidWord[] = [];
  const forms: string[] = [];
  const starts: number[] = [];
  let end = 0;
  for (const token of tokens) {
    const form = withoutWhiteSpace(token.form);
    forms.push(form);
    const start = end;
    starts.push(start);
    end += form.length;
    // A token of white space alone has no characters to align within.
    const multiWord = token.words !== undefined && form !== "";
    for (const word of token.words ?? [form]) words.push({ start, end, form: word, multiWord });
  }
  const at = (sentence: number) => starts[sentences[sentence] ?? tokens.length] ?? end;
  return {
    text: forms.join(""),
    words,
    sentences: sentences.map((_, sentence) => ({ start: at(sentence), end: at(sentence + 1) })),
  };
}

function withoutWhiteSpace(form: string): string {
  let kept = "";
  let from = 0;
  for (let i = 0; i < form.length; i++) {
    if (!isWhiteSpace(form.charCodeAt(i))) continue;
    kept += form.slice(from, i);
    from = i + 1;
  }
  return from === 0 ? form : kept + form.slice(from);
}

function checkSameText(gold: string, predicted: string): void {
  if (gold === predicted) return;
  let at = 0;
  while (at < gold.length && gold[at] === predicted[at]) at++;
  throw new SpanmillError(
    "INPUT_MALFORMED",
    `the two sides hold different texts: white space left out, they differ from character ${at} on ` +
      `(${gold.length} characters on the gold side, ${predicted.length} on the predicted)`,
  );
}

function checkLabels(
  lens: string,
  side: string,
  labels: readonly string[],
  words: readonly LaidWord[],
): void {
  if (labels.length === words.length) return;
  throw new SpanmillError(
    "INPUT_MALFORMED",
    `the ${side} side has ${labels.length} labels of the lens ${lens} for ${words.length} words`,
  );
}

type Stretches = Side["sentences"];

function addSentences(counts: Counts, gold: Stretches, predicted: Stretches): void {
  counts.gold += gold.length;
  counts.predicted += predicted.length;
  for (let g = 0, p = 0; g < gold.length && p < predicted.length; ) {
    const ahead = predicted[p]!.start - gold[g]!.start;
    if (ahead === 0 && gold[g]!.end === predicted[p]!.end) counts.correct++;
    if (ahead >= 0) g++;
    if (ahead <= 0) p++;
  }
}

function overCharacters(spans: readonly TagSpan[], words: readonly LaidWord[]): TagSpan[] {
  return spans.map(({ start, end, type }) => ({
    start: words[start]!.start,
    end: words[end - 1]!.end,
    type,
  }));
}

function entryOf<T>(map: Map<string, T>, key: string, make: () => T): T {
  let entry = map.get(key);
  if (entry === undefined) {
    entry = make();
    map.set(key, entry);
  }
  return entry;
}
