/** Scores to labels to spans, for one sequence of words. Pure and deterministic. */
import { SpanmillError } from "../errors.js";
import { eachSpan, type LabelSet, type Tag } from "./schemes.js";

export const STRATEGIES = ["constrained", "argmax"] as const;

export interface DecodeOptions {
  /**
   * `constrained`: the most probable sequence of labels that is well formed under the scheme.
   * `argmax`: the most probable label of each word; spans as conlleval reads them.
   */
  readonly strategy: (typeof STRATEGIES)[number];
  /** Divides the logits before the softmax; above 0. Changes probabilities, never labels. */
  readonly temperature: number;
}

export interface DecodedSpan {
  /** Word indexes, half-open. */
  readonly start: number;
  readonly end: number;
  /** The type of the span (`PER`), not the label of a word. */
  readonly label: string;
  /**
   * The smallest probability among the span's words that the word belongs to the span's type, whatever its
   * prefix, rounded to 4 decimals. The labels of one type share what the model is sure of: where it wavers between
   * B and I alone, the span is no less likely.
   */
  readonly score: number;
}

export interface Decoded {
  /** Index of the label of each word. */
  readonly labels: number[];
  /** Probability of that label, rounded to 4 decimals. */
  readonly scores: number[];
  /** In order, never overlapping; empty where the scheme is `none`. */
  readonly spans: DecodedSpan[];
}

/**
 * @param scores logits, row-major [words x labels]
 * @param breaks ascending indexes of words that begin a line; no span goes over from the word before
 * @throws SpanmillError MODEL_OUTPUT where a logit is not finite or there are too few or too many
 */
export function decode(
  scores: Float32Array,
  words: number,
  labelSet: LabelSet,
  breaks: readonly number[],
  options: DecodeOptions,
): Decoded {
  checkScores(scores, words, labelSet.labels);
  if (!(options.temperature > 0)) throw new SpanmillError("INTERNAL", "a temperature is not above 0");
  const { scheme, tags } = labelSet;
  const lines = scheme === "none" ? [0, words] : lineBorders(words, breaks);
  // Under IO every sequence is well formed, so the best label of each word is the best sequence.
  const free = options.strategy === "argmax" || scheme === "none" || scheme === "IO";
  const labels = free
    ? bestLabels(scores, words, tags.length)
    : bestSequence(scores, words, lines, grammarOf(labelSet));
  const probabilities = probabilitiesOf(scores, labels, tags, options.temperature);
  const spans: DecodedSpan[] = [];
  const tagAt = (word: number) => tags[labels[word]!]!;
  const found = (start: number, end: number, label: string) => {
    let score = 1;
    for (let word = start; word < end; word++) score = Math.min(score, probabilities.types[word]!);
    spans.push({ start, end, label, score });
  };
  for (let line = 1; line < lines.length; line++) eachSpan(lines[line - 1]!, lines[line]!, tagAt, found);
  return { labels, scores: probabilities.labels, spans };
}

function checkScores(scores: Float32Array, words: number, labels: readonly string[]): void {
  if (scores.length !== words * labels.length)
    throw new SpanmillError(
      "MODEL_OUTPUT",
      `the model gave ${scores.length} scores for ${words} words and ${labels.length} labels, ` +
        `not ${words * labels.length}`,
    );
  for (let at = 0; at < scores.length; at++) {
    if (Number.isFinite(scores[at])) continue;
    const label = JSON.stringify(labels[at % labels.length]);
    throw new SpanmillError(
      "MODEL_OUTPUT",
      `the model gave a score that is not a finite number (${scores[at]}) for word ${Math.floor(at / labels.length)}, ` +
        `label ${label}; the model or its quantisation is broken, try another --dtype`,
    );
  }
}

/** The borders of lines, 0 and `words` among them. */
function lineBorders(words: number, breaks: readonly number[]): number[] {
  const borders = [0];
  for (const at of breaks) if (at > borders[borders.length - 1]! && at < words) borders.push(at);
  borders.push(words);
  return borders;
}

/** Ties go to the lowest index. */
function bestLabels(scores: Float32Array, words: number, width: number): number[] {
  const labels = new Array<number>(words);
  for (let word = 0, row = 0; word < words; word++, row += width) {
    let best = 0;
    for (let label = 1; label < width; label++) if (scores[row + label]! > scores[row + best]!) best = label;
    labels[word] = best;
  }
  return labels;
}

/**
 * What may follow what. A label either continues the span of the word before, or opens anew after a label that
 * may close: so a word costs time in proportion to the labels, not to their square.
 */
interface Grammar {
  /** May stand first in a line and after any label that closes. */
  readonly opens: readonly boolean[];
  /** May stand last in a line and before any label that opens. */
  readonly closes: readonly boolean[];
  /** For each label, those whose span it continues (under IOB1's B: those it may touch). */
  readonly continues: readonly (readonly number[])[];
}

const grammars = new WeakMap<LabelSet, Grammar>();

function grammarOf(labelSet: LabelSet): Grammar {
  let grammar = grammars.get(labelSet);
  if (grammar === undefined) {
    grammar = buildGrammar(labelSet);
    grammars.set(labelSet, grammar);
  }
  return grammar;
}

/**
 * A label set need not be whole (training data without one-word spans of a type has no S for it, IOB1 data may
 * have no B). Where a type lacks the label for a role, the nearest one it has may fill it; so every type has a
 * label that both opens and closes, and a well-formed path exists whatever the labels are.
 */
function buildGrammar({ scheme, tags }: LabelSet): Grammar {
  const byType = new Map<string, number[]>();
  tags.forEach((tag, label) => {
    if (role(tag) !== "O") byType.set(tag.type, [...(byType.get(tag.type) ?? []), label]);
  });
  const opens: boolean[] = [];
  const closes: boolean[] = [];
  const continues: number[][] = [];
  tags.forEach((tag, label) => {
    const peers = byType.get(tag.type) ?? [];
    const has = (wanted: Role) => peers.some((peer) => role(tags[peer]!) === wanted);
    const mine = role(tag);
    const ends = scheme === "BIOES" || scheme === "BILOU";
    if (scheme === "IOB1") opens[label] = mine !== "B" || !has("I");
    else
      opens[label] =
        mine === "O" ||
        mine === "B" ||
        mine === "S" ||
        (!has("B") && (mine === "I" || !has("I") || !has("S")));
    closes[label] =
      !ends ||
      mine === "O" ||
      mine === "E" ||
      mine === "S" ||
      (!has("E") && (mine === "I" || !has("I"))) ||
      (mine === "B" && !has("S"));
    const joins = mine === "I" || mine === "E" || (scheme === "IOB1" && mine === "B");
    continues[label] = joins ? peers.filter((peer) => ["B", "I"].includes(role(tags[peer]!))) : [];
  });
  return { opens, closes, continues };
}

type Role = "B" | "I" | "E" | "S" | "O";

function role({ prefix }: Tag): Role {
  if (prefix === "L") return "E";
  if (prefix === "U") return "S";
  return prefix === "" ? "O" : prefix;
}

/**
 * Viterbi over each line. The sum of logits is enough: the normaliser of a word's softmax is the same for all
 * sequences. Ties go to the lowest index, decided from the last word of a line backwards.
 */
function bestSequence(
  scores: Float32Array,
  words: number,
  lines: readonly number[],
  grammar: Grammar,
): number[] {
  const width = grammar.opens.length;
  const labels = new Array<number>(words);
  const back = new Int32Array(words * width);
  let sums = new Float64Array(width);
  let next = new Float64Array(width);
  for (let line = 1; line < lines.length; line++) {
    const from = lines[line - 1]!;
    const to = lines[line]!;
    if (from === to) continue;
    for (let label = 0; label < width; label++)
      sums[label] = grammar.opens[label] ? scores[from * width + label]! : Number.NEGATIVE_INFINITY;
    for (let word = from + 1; word < to; word++) {
      step(sums, next, scores, back, word * width, grammar);
      [sums, next] = [next, sums];
    }
    let label = bestOf(sums, grammar.closes);
    for (let word = to - 1; word >= from; word--) {
      labels[word] = label;
      label = back[word * width + label]!;
    }
  }
  return labels;
}

function step(
  sums: Float64Array,
  next: Float64Array,
  scores: Float32Array,
  back: Int32Array,
  row: number,
  { opens, closes, continues }: Grammar,
): void {
  const closed = bestOf(sums, closes);
  for (let label = 0; label < opens.length; label++) {
    let from = opens[label] ? closed : -1;
    let sum = from < 0 ? Number.NEGATIVE_INFINITY : sums[from]!;
    for (const before of continues[label]!) {
      const other = sums[before]!;
      if (other > sum || (other === sum && before < from)) {
        from = before;
        sum = other;
      }
    }
    next[label] = sum + scores[row + label]!;
    back[row + label] = from;
  }
}

/** The lowest index of the highest sum among the allowed; one is always finite (see buildGrammar). */
function bestOf(sums: Float64Array, allowed: readonly boolean[]): number {
  let best = -1;
  for (let label = 0; label < sums.length; label++)
    if (allowed[label] && (best < 0 || sums[label]! > sums[best]!)) best = label;
  return best;
}

/** Softmax: per word the probability of its label, and of all labels of its type together; 4 decimals. */
function probabilitiesOf(
  scores: Float32Array,
  chosen: readonly number[],
  tags: readonly Tag[],
  temperature: number,
): { labels: number[]; types: number[] } {
  const width = tags.length;
  const labels = new Array<number>(chosen.length);
  const types = new Array<number>(chosen.length);
  for (let word = 0, row = 0; word < chosen.length; word++, row += width) {
    let top = scores[row]!;
    for (let label = 1; label < width; label++) top = Math.max(top, scores[row + label]!);
    const own = chosen[word]!;
    const { type } = tags[own]!;
    let sum = 0;
    let ofType = 0;
    for (let label = 0; label < width; label++) {
      const weight = Math.exp((scores[row + label]! - top) / temperature);
      sum += weight;
      if (tags[label]!.type === type) ofType += weight;
      if (label === own) labels[word] = weight;
    }
    labels[word] = round(labels[word]! / sum);
    types[word] = round(ofType / sum);
  }
  return { labels, types };
}

function round(probability: number): number {
  return Math.round(probability * 10_000) / 10_000;
}
