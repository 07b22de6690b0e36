/**
 * Calibration: a temperature for each lens, so that a span's score is the chance that the span is right.
 *
 * Guo et al. 2017, "On calibration of modern neural networks": one number divides the logits, fitted on data that was
 * not trained on; it changes no label. There it makes the words' labels as likely as they say; here it is fitted on what
 * is published, the span and its score.
 */
import { type DecodeOptions, decode } from "../../tagging/decode.js";
import type { LabelSet, TagSpan } from "../../tagging/schemes.js";

/** A span that was predicted; of a lens without spans, a word. */
export interface JudgedSpan {
  /** Row-major, [words x labels]: those of the span's words. */
  readonly logits: Float32Array;
  /** For each label, whether it is of the span's type. */
  readonly ofType: readonly boolean[];
  readonly correct: boolean;
}

/** A block's scores as the engine decodes them. */
export interface ScoredBlock {
  /** Row-major, [words x labels]. */
  readonly logits: Float32Array;
  readonly words: number;
  /** Words that begin a line, as in `decode`. */
  readonly lines: readonly number[];
  /** Words of which nobody says what they are: a span with one of them is neither right nor wrong. */
  readonly unlabelled?: ReadonlySet<number>;
}

/**
 * The spans that are predicted in a block, each right where one of `gold` has the same words and type. The temperature
 * divides all logits alike, so neither the best label nor the best well-formed sequence changes with it: spans are
 * decoded once.
 */
export function judgeSpans(
  { logits, words, lines, unlabelled = new Set() }: ScoredBlock,
  labelSet: LabelSet,
  gold: readonly TagSpan[],
  strategy: DecodeOptions["strategy"] = "constrained",
): JudgedSpan[] {
  const right = new Set(gold.map(({ start, end, type }) => `${start} ${end} ${type}`));
  const width = labelSet.labels.length;
  const { spans } = decode(logits, words, labelSet, lines, { strategy, temperature: 1 });
  const judged = spans.filter(
    ({ start, end }) => ![...unlabelled].some((word) => word >= start && word < end),
  );
  return judged.map(({ start, end, label }) => ({
    logits: logits.slice(start * width, end * width),
    ofType: labelSet.tags.map(({ type }) => type === label),
    correct: right.has(`${start} ${end} ${label}`),
  }));
}

/** Words of a lens without spans. @param gold index of each word's label; a word with none, or -100, is left out. */
export function judgeWords(
  { logits, words, lines }: ScoredBlock,
  labelSet: LabelSet,
  gold: readonly (number | undefined)[],
): JudgedSpan[] {
  const width = labelSet.labels.length;
  const { labels } = decode(logits, words, labelSet, lines, { strategy: "argmax", temperature: 1 });
  return labels.flatMap((label, word) => {
    const answer = gold[word] ?? -1;
    if (answer < 0) return [];
    const row = logits.slice(word * width, (word + 1) * width);
    return [{ logits: row, ofType: labelSet.labels.map((_, i) => i === label), correct: answer === label }];
  });
}

/** The score that `decode` gives the span at this temperature, before it is rounded. */
export function spanScore({ logits, ofType }: JudgedSpan, temperature: number): number {
  const width = ofType.length;
  let least = 1;
  for (let row = 0; row < logits.length; row += width) {
    let top = Number.NEGATIVE_INFINITY;
    for (let label = 0; label < width; label++) top = Math.max(top, logits[row + label]!);
    let [sum, within] = [0, 0];
    for (let label = 0; label < width; label++) {
      const weight = Math.exp((logits[row + label]! - top) / temperature);
      sum += weight;
      if (ofType[label]) within += weight;
    }
    least = Math.min(least, within / sum);
  }
  return least;
}

/** Beyond these a fit says more about too few spans than about the model. */
const [COLDEST, HOTTEST] = [0.2, 10];
const GRID = 16;
const PRECISION = 1e-4;
/** No loss is counted beyond what 4 decimals of a score can say. */
const NEAREST_TO_CERTAIN = 5e-5;

/**
 * The temperature with the least negative log likelihood of "right" and "wrong" by the spans' scores: a grid over the
 * logarithm, then golden-section search beside its best point (Kiefer 1953). 1 where the spans are all right, all wrong,
 * or none: they tell nothing.
 */
export function fitTemperature(spans: readonly JudgedSpan[]): number {
  if (!spans.some(({ correct }) => correct) || spans.every(({ correct }) => correct)) return 1;
  const loss = (logarithm: number): number => negativeLogLikelihood(spans, Math.exp(logarithm));
  const [low, high] = [Math.log(COLDEST), Math.log(HOTTEST)];
  const step = (high - low) / GRID;
  const losses = Array.from({ length: GRID + 1 }, (_, i) => loss(low + i * step));
  const best = losses.indexOf(Math.min(...losses));
  const from = low + Math.max(best - 1, 0) * step;
  const to = low + Math.min(best + 1, GRID) * step;
  return Math.exp(goldenSection(loss, from, to));
}

/** The mean over the spans, in nats. */
export function negativeLogLikelihood(spans: readonly JudgedSpan[], temperature: number): number {
  let sum = 0;
  for (const span of spans) {
    const score = spanScore(span, temperature);
    sum -= Math.log(Math.max(span.correct ? score : 1 - score, NEAREST_TO_CERTAIN));
  }
  return sum / spans.length;
}

function goldenSection(loss: (at: number) => number, from: number, to: number): number {
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let [left, right] = [high - ratio * (high - low), low + ratio * (high - low)];
  let [atLeft, atRight] = [loss(left), loss(right)];
  while (high - low > PRECISION) {
    if (atLeft <= atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - ratio * (high - low);
      atLeft = loss(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + ratio * (high - low);
      atRight = loss(right);
    }
  }
  return (low + high) / 2;
}
