/** How far scores are from chances: expected calibration error, with a model's temperatures and without. */

/** What a model says of a span, or of a word in a lens without spans, and whether it is right. */
export interface Chance {
  readonly score: number;
  /** What the score would be without temperature. */
  readonly uncalibrated: number;
  readonly correct: boolean;
}

/** Fractions. */
export interface CalibrationReport {
  readonly predicted: number;
  readonly error: number;
  readonly uncalibratedError: number;
}

/** Sums by bin, so that any amount of data streams through. */
export interface CalibrationTally {
  predicted: number;
  readonly surplus: Float64Array;
  readonly uncalibratedSurplus: Float64Array;
}

const BINS = 15;

export function calibrationTally(): CalibrationTally {
  return {
    predicted: 0,
    surplus: new Float64Array(BINS),
    uncalibratedSurplus: new Float64Array(BINS),
  };
}

export function addChances(tally: CalibrationTally, chances: readonly Chance[]): void {
  for (const { score, uncalibrated, correct } of chances) {
    addScore(tally.surplus, score, correct);
    addScore(tally.uncalibratedSurplus, uncalibrated, correct);
  }
  tally.predicted += chances.length;
}

export function calibrationOf(tally: Readonly<CalibrationTally>): CalibrationReport {
  const { predicted, surplus, uncalibratedSurplus } = tally;
  return {
    predicted,
    error: errorOf(surplus, predicted),
    uncalibratedError: errorOf(uncalibratedSurplus, predicted),
  };
}

/**
 * Over bins of equal width (the borders belong to the bin below), the mean distance of accuracy and score, weighted by
 * the bin's scores. Guo et al. 2017, "On calibration of modern neural networks", equation 3. 0 of no scores.
 */
export function expectedCalibrationError(
  scores: readonly number[],
  correct: readonly boolean[],
  bins = BINS,
): number {
  const surplus = new Float64Array(bins);
  for (const [i, score] of scores.entries()) addScore(surplus, score, correct[i]!);
  return errorOf(surplus, scores.length);
}

/** A bin's surplus is the sum of its scores without the number of those that are right. */
function addScore(surplus: Float64Array, score: number, correct: boolean): void {
  const bin = Math.max(0, Math.ceil(score * surplus.length) - 1);
  surplus[bin]! += score - (correct ? 1 : 0);
}

function errorOf(surplus: Float64Array, scores: number): number {
  return surplus.reduce((sum, each) => sum + Math.abs(each), 0) / Math.max(scores, 1);
}
