import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectedCalibrationError } from "../../../src/evaluation/calibration.js";
import { decode } from "../../../src/tagging/decode.js";
import { labelSet } from "../../../src/tagging/schemes.js";
import {
  fitTemperature,
  type JudgedSpan,
  judgeSpans,
  judgeWords,
  negativeLogLikelihood,
  spanScore,
} from "../../../src/training/export/temperature.js";
import { randomFrom } from "../graph/runtime.js";

const BIO = labelSet(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]);
const logits = (words: number) =>
  fc
    .array(fc.float({ min: -8, max: 8, noNaN: true }), { minLength: words * 5, maxLength: words * 5 })
    .map((numbers) => Float32Array.from(numbers));
const block = fc
  .integer({ min: 1, max: 8 })
  .chain((words) => logits(words).map((logits) => ({ logits, words, lines: [0, words >> 1] })));

/** Words of two labels whose first is right as often as its probability at `temperature` says. */
function simulated(temperature: number, count: number): JudgedSpan[] {
  const random = randomFrom(5);
  return Array.from({ length: count }, () => {
    const margin = random() * 6;
    const chance = 1 / (1 + Math.exp(-margin / temperature));
    return { logits: Float32Array.of(margin, 0), ofType: [true, false], correct: random() < chance };
  });
}

describe("a fitted temperature", () => {
  it.each([0.5, 1, 2.5])("is the one that the data were made with: %d", (temperature) => {
    const spans = simulated(temperature, 20_000);
    const fitted = fitTemperature(spans);
    expect(fitted / temperature).toBeGreaterThan(0.95);
    expect(fitted / temperature).toBeLessThan(1.05);
    const least = negativeLogLikelihood(spans, fitted);
    for (const factor of [0.98, 1.02]) {
      expect(negativeLogLikelihood(spans, fitted * factor)).toBeGreaterThan(least);
    }
  });

  it("makes scores the chance of being right", () => {
    const spans = simulated(3, 20_000);
    const error = (temperature: number) =>
      expectedCalibrationError(
        spans.map((span) => spanScore(span, temperature)),
        spans.map(({ correct }) => correct),
      );
    expect(error(1)).toBeGreaterThan(0.1);
    expect(error(fitTemperature(spans))).toBeLessThan(0.015);
  });

  it("is 1 where spans tell nothing, and bounded where they tell too much", () => {
    const right: JudgedSpan = { logits: Float32Array.of(2, 0), ofType: [true, false], correct: true };
    const wrong: JudgedSpan = { ...right, correct: false };
    expect(fitTemperature([])).toBe(1);
    expect(fitTemperature([right, right])).toBe(1);
    expect(fitTemperature([wrong])).toBe(1);
    expect(fitTemperature([right, wrong, wrong, wrong])).toBeCloseTo(10, 2);
    // The wrong one is known to be unsure: the colder, the better.
    expect(fitTemperature([right, { ...wrong, logits: Float32Array.of(0, 0) }])).toBeCloseTo(0.2, 2);
  });
});

describe("judged spans", () => {
  it("have the score that decoding gives them, at any temperature", () => {
    const temperature = fc.float({ min: Math.fround(0.2), max: 10, noNaN: true });
    fc.assert(
      fc.property(block, temperature, (block, temperature) => {
        const spans = judgeSpans(block, BIO, []);
        const options = { strategy: "constrained", temperature } as const;
        const decoded = decode(block.logits, block.words, BIO, block.lines, options);
        expect(spans).toHaveLength(decoded.spans.length);
        for (const [i, span] of spans.entries()) {
          expect(Math.abs(spanScore(span, temperature) - decoded.spans[i]!.score)).toBeLessThan(5.1e-5);
        }
      }),
    );
  });

  it("are right where words and type are those of a gold span", () => {
    const rows = [2, 2, 0, 3].flatMap((label, word) =>
      Array.from({ length: 5 }, (_, each) => (each === (word === 0 ? 1 : label) ? 5 : 0)),
    );
    const scored = { logits: Float32Array.from(rows), words: 4, lines: [] };
    const judge = (...gold: [number, number, string][]) =>
      judgeSpans(
        scored,
        BIO,
        gold.map(([start, end, type]) => ({ start, end, type })),
      ).map(({ correct }) => correct);
    expect(judge([0, 2, "PER"], [3, 4, "LOC"])).toEqual([true, true]);
    expect(judge([0, 1, "PER"], [3, 4, "PER"])).toEqual([false, false]);
  });

  it("of a lens without spans are its words that have an answer", () => {
    const pos = labelSet(["NOUN", "VERB"], "none");
    const scored = { logits: Float32Array.of(1, 0, 0, 1, 1, 0, 0, 3), words: 4, lines: [] };
    const judged = judgeWords(scored, pos, [0, 0, -100, undefined]);
    expect(judged.map(({ correct }) => correct)).toEqual([true, false]);
    expect(spanScore(judged[1]!, 1)).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });
});
