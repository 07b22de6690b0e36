/** What a model predicted in a document, each with its score and whether it is right: what calibration is measured on. */
import type { LabelledDocument } from "../dataset/document.js";
import type { TaggedBlock, TaggedLens } from "../tagging/protocol.js";
import type { TagSpan } from "../tagging/schemes.js";
import type { Chance } from "./calibration.js";
import { selectSpans, selectTags } from "./selection.js";
import { goldSide, goldSpans, predictedSide, type ScoredLens } from "./sides.js";

export interface ChanceSpan extends TagSpan {
  readonly score: number;
  readonly uncalibrated: number;
}

/** Spans, or words of a lens without spans, of blocks that were tagged with `columns` and `uncalibrated`. */
export function chancesOf(
  document: LabelledDocument,
  blocks: readonly TaggedBlock[],
  scored: ScoredLens,
): Chance[] {
  return scored.lens.scheme === "none"
    ? wordChances(document, blocks, scored)
    : spanChances(goldSpans(document, scored), predictedSpans(blocks, scored));
}

/** A span is right where one of `gold` has the same start, end and type. Both sides are selected. */
export function spanChances(gold: readonly TagSpan[], predicted: readonly ChanceSpan[]): Chance[] {
  const right = new Set(gold.map(keyOf));
  return predicted.map((span) => ({
    score: span.score,
    uncalibrated: span.uncalibrated,
    correct: right.has(keyOf(span)),
  }));
}

/** The spans of a lens in a block, by the offsets that `place` gives. */
export function chanceSpans(
  { spans, uncalibrated }: TaggedLens,
  place: (start: number, end: number) => { readonly start: number; readonly end: number },
): ChanceSpan[] {
  return spans.map(({ start, end, label, score }, i) => ({
    ...place(start, end),
    type: label,
    score,
    uncalibrated: uncalibrated?.spans[i] ?? score,
  }));
}

/** Over the words of the document. */
function predictedSpans(blocks: readonly TaggedBlock[], { lens, selection }: ScoredLens): ChanceSpan[] {
  let first = 0;
  return blocks.flatMap((block) => {
    const from = first;
    first += block.starts.length;
    const opens = new Map(block.starts.map((at, i) => [at, from + i]));
    const closes = new Map(block.ends.map((at, i) => [at, from + i + 1]));
    const place = (start: number, end: number) => ({ start: opens.get(start)!, end: closes.get(end)! });
    return selectSpans(chanceSpans(block.lenses[lens.name]!, place), selection);
  });
}

function wordChances(
  document: LabelledDocument,
  blocks: readonly TaggedBlock[],
  { lens, column, selection }: ScoredLens,
): Chance[] {
  const gold = selectTags(goldSide(document, column).tags.flat(), "none", selection);
  const predicted = selectTags(predictedSide(document, blocks, lens).tags.flat(), "none", selection);
  const answers = blocks.map((block) => block.lenses[lens.name]!);
  const scores = answers.flatMap((answer) => answer.scores);
  const uncalibrated = answers.flatMap((answer) => answer.uncalibrated?.words ?? answer.scores);
  return scores.map((score, word) => ({
    score,
    uncalibrated: uncalibrated[word]!,
    correct: gold[word] === predicted[word],
  }));
}

function keyOf({ start, end, type }: TagSpan): string {
  return `${start} ${end} ${type}`;
}
