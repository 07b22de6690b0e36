import { describe, expect, it } from "vitest";
import {
  addChances,
  calibrationOf,
  calibrationTally,
  expectedCalibrationError,
} from "../../src/evaluation/calibration.js";

describe("expected calibration error", () => {
  it("is the mean distance of score and accuracy over the bins, by hand", () => {
    // Two bins: (0, 0.5] has mean score 0.3 and accuracy 0.5; (0.5, 1] has 0.8 and 1/3.
    const scores = [0.5, 0.1, 0.7, 0.8, 0.9];
    const correct = [true, false, false, true, false];
    const byHand = (2 / 5) * (0.5 - 0.3) + (3 / 5) * (0.8 - 1 / 3);
    expect(expectedCalibrationError(scores, correct, 2)).toBeCloseTo(byHand, 12);
  });

  it("is 0 of sure and right ones, 1 of sure and wrong ones, and 0 of none", () => {
    expect(expectedCalibrationError([1, 1], [true, true])).toBe(0);
    expect(expectedCalibrationError([1, 1], [false, false])).toBe(1);
    expect(expectedCalibrationError([0], [false])).toBe(0);
    expect(expectedCalibrationError([], [])).toBe(0);
  });
});

describe("a tally of chances", () => {
  it("gives both errors of all that was added", () => {
    const chances = [0.93, 0.6, 0.61, 0.2].map((score, i) => ({
      score,
      uncalibrated: Math.sqrt(score),
      correct: i % 2 === 0,
    }));
    const tally = calibrationTally();
    addChances(tally, chances.slice(0, 3));
    addChances(tally, chances.slice(3));
    const correct = chances.map((chance) => chance.correct);
    const { predicted, error, uncalibratedError } = calibrationOf(tally);
    expect(predicted).toBe(4);
    const of = (scores: number[]) => expectedCalibrationError(scores, correct);
    expect(error).toBeCloseTo(of(chances.map(({ score }) => score)), 12);
    expect(uncalibratedError).toBeCloseTo(of(chances.map(({ uncalibrated }) => uncalibrated)), 12);
  });
});
