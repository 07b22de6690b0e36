/**
 * Strict span scores: a predicted span is right when its start, end and type are those of a gold span. Tallies
 * hold counts only, so any amount of data streams through them.
 */
import type { TagSpan } from "../tagging/schemes.js";

export interface Counts {
  gold: number;
  predicted: number;
  correct: number;
}

/** Fractions, not percentages. Where nothing is there to divide by: 0, as seqeval has it. */
export interface Ratios {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface SpanScores {
  /** Over all spans. */
  readonly micro: Ratios;
  /** The unweighted mean over the types that either side has, as seqeval's macro average. */
  readonly macro: Ratios;
  /** In the order of their names. */
  readonly types: Readonly<Record<string, Ratios & Readonly<Counts>>>;
}

/** Counts per type. */
export type SpanTally = Map<string, Counts>;

export function spanTally(): SpanTally {
  return new Map();
}

/** Adds one sentence or document. A span that stands twice in a list counts once. */
export function addSpans(tally: SpanTally, gold: readonly TagSpan[], predicted: readonly TagSpan[]): void {
  const wanted = new Set<string>();
  for (const span of gold) if (isNew(wanted, span)) countsOf(tally, span.type).gold++;
  const given = new Set<string>();
  for (const span of predicted) {
    if (!isNew(given, span)) continue;
    const counts = countsOf(tally, span.type);
    counts.predicted++;
    if (wanted.has(keyOf(span))) counts.correct++;
  }
}

export function spanScores(tally: SpanTally): SpanScores {
  const total: Counts = noCounts();
  const names = [...tally.keys()].sort();
  const types = names.map((name): [string, Ratios & Counts] => {
    const counts = tally.get(name)!;
    total.gold += counts.gold;
    total.predicted += counts.predicted;
    total.correct += counts.correct;
    return [name, { ...ratios(counts), ...counts }];
  });
  const mean = (of: (scores: Ratios) => number) =>
    fraction(
      types.reduce((sum, [, scores]) => sum + of(scores), 0),
      types.length,
    );
  return {
    micro: ratios(total),
    macro: { precision: mean((s) => s.precision), recall: mean((s) => s.recall), f1: mean((s) => s.f1) },
    types: Object.fromEntries(types),
  };
}

export function ratios({ gold, predicted, correct }: Readonly<Counts>): Ratios {
  return {
    precision: fraction(correct, predicted),
    recall: fraction(correct, gold),
    f1: fraction(2 * correct, gold + predicted),
  };
}

export function noCounts(): Counts {
  return { gold: 0, predicted: 0, correct: 0 };
}

export function fraction(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function countsOf(tally: SpanTally, type: string): Counts {
  let counts = tally.get(type);
  if (counts === undefined) {
    counts = noCounts();
    tally.set(type, counts);
  }
  return counts;
}

function isNew(seen: Set<string>, span: TagSpan): boolean {
  const size = seen.size;
  return seen.add(keyOf(span)).size > size;
}

function keyOf({ start, end, type }: TagSpan): string {
  return `${start} ${end} ${type}`;
}
