import { expect, test } from "vitest";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import type { EncoderConfig } from "../../src/training/encoder-config.js";
import { random } from "../../src/training/random.js";
import { trainingStep, WORD_TABLE } from "../../src/training/step.js";
import { groupOf, initialWeights, rateAt, weightGroups } from "../../src/training/weights.js";

switchOffTelemetry();
const { openGraphSession } = await import("../../src/adapters/onnx/graph-session.js");
const { optimiser, optimiserGraph, trainedNames, zeroMoments } = await import(
  "../../src/training/optimiser.js"
);

const CONFIG: EncoderConfig = {
  vocabulary: 12,
  hidden: 8,
  layers: 2,
  heads: 2,
  intermediate: 16,
  positions: 10,
  tokenTypes: 3,
  epsilon: 1e-12,
};
const STEP = trainingStep(CONFIG, [{ name: "ner", labels: 3, weight: 1 }], { words: "rows" });
const SCHEDULE = {
  epochs: 1,
  batchPieces: 10,
  rate: 0.01,
  headRate: 0.05,
  layerDecay: 0.5,
  warmUp: 0,
  weightDecay: 0.1,
  clip: 0.5,
  dropout: 0,
  wordDropout: 0,
  wordEmbeddings: "trained",
  labelledPieces: "first",
  lowerCased: 0,
  upperCased: 0,
  averaged: 0,
  patience: 0,
  checkpointEvery: 1,
} as const;

test("three steps agree with AdamW as it is written in the paper, rows of the word table with the rows alone", async () => {
  const groups = weightGroups(CONFIG.layers, SCHEDULE);
  const weights = initialWeights(STEP, new Map(), 3);
  const naive = new Map([...weights].map(([name, numbers]) => [name, Float64Array.from(numbers)]));
  const moments = new Map(
    [...weights].map(([name, { length }]) => [
      name,
      [new Float64Array(length), new Float64Array(length)] as const,
    ]),
  );
  const state = { weights, ...zeroMoments(weights, trainedNames(STEP)) };
  const session = await openGraphSession(optimiserGraph(STEP), { threads: 1 });
  const adam = optimiser(STEP, session);
  const draw = random(9);
  const ids = BigInt64Array.of(1n, 4n, 1n, 0n);

  for (let step = 1; step <= 3; step++) {
    const gradients: Record<string, { data: Float32Array; shape: number[] }> = {};
    for (const [name, output] of STEP.gradientOf) {
      const { length } = weights.get(name)!;
      gradients[output] = { data: Float32Array.from({ length }, () => draw.normal()), shape: [length] };
    }
    const rows = Float32Array.from({ length: ids.length * 8 }, () => draw.normal());
    gradients[STEP.wordRows!] = { data: rows, shape: [1, 4, 8] };
    const table = new Float64Array(12 * 8);
    ids.forEach((id, place) => {
      for (let i = 0; i < 8; i++) table[Number(id) * 8 + i]! += rows[place * 8 + i]!;
    });
    const all = new Map<string, ArrayLike<number>>([
      ...[...STEP.gradientOf].map(([name, output]) => [name, gradients[output]!.data] as const),
      [WORD_TABLE, table],
    ]);
    let square = 0;
    for (const each of all.values()) for (let i = 0; i < each.length; i++) square += each[i]! ** 2;
    const norm = Math.sqrt(square);

    expect(await adam.update(state, { step, share: 0.5, groups, clip: 0.5, gradients, ids })).toBeCloseTo(
      norm,
      3,
    );
    for (const [name, gradient] of all) {
      const { rate, decay } = groups[groupOf(name)]!;
      const [first, second] = moments.get(name)!;
      const weight = naive.get(name)!;
      for (let i = 0; i < weight.length; i++) {
        if (name === WORD_TABLE && ![0, 1, 4].includes(Math.floor(i / 8))) continue;
        const g = gradient[i]! * (0.5 / norm);
        first[i] = 0.9 * first[i]! + 0.1 * g;
        second[i] = 0.999 * second[i]! + 0.001 * g * g;
        const change = first[i]! / (1 - 0.9 ** step) / (Math.sqrt(second[i]! / (1 - 0.999 ** step)) + 1e-6);
        weight[i] = weight[i]! * (1 - rate * 0.5 * decay) - rate * 0.5 * change;
      }
    }
  }
  await session.release();
  for (const [name, numbers] of naive) {
    numbers.forEach((number, i) => {
      expect(Math.abs(weights.get(name)![i]! - number), name).toBeLessThan(1e-5);
    });
  }
});

test("a gradient that is no number changes nothing", async () => {
  const weights = initialWeights(STEP, new Map(), 3);
  const before = new Map([...weights].map(([name, numbers]) => [name, numbers.slice()]));
  const state = { weights, ...zeroMoments(weights, trainedNames(STEP)) };
  const session = await openGraphSession(optimiserGraph(STEP), { threads: 1 });
  const gradients = Object.fromEntries(
    [...STEP.gradientOf].map(([name, output]) => {
      const data = new Float32Array(weights.get(name)!.length).fill(Number.NaN);
      return [output, { data, shape: [data.length] }];
    }),
  );
  gradients[STEP.wordRows!] = { data: new Float32Array(8), shape: [1, 1, 8] };
  const groups = weightGroups(CONFIG.layers, SCHEDULE);
  const ids = BigInt64Array.of(1n);
  expect(
    await optimiser(STEP, session).update(state, { step: 1, share: 1, groups, clip: 1, gradients, ids }),
  ).toBeNaN();
  await session.release();
  expect(weights).toEqual(before);
});

test("rates rise to the peak, fall to nearly nothing, and from layer to layer", () => {
  const rates = Array.from({ length: 100 }, (_, step) => rateAt(step, 100, 0.1));
  expect(rates[0]).toBeCloseTo(0.1);
  expect(rates[9]).toBe(1);
  expect(Math.max(...rates)).toBe(1);
  expect(rates[99]).toBeGreaterThan(0);
  expect(rates[99]).toBeLessThan(0.02);
  for (let i = 11; i < 100; i++) expect(rates[i]!).toBeLessThan(rates[i - 1]!);
  const groups = weightGroups(2, SCHEDULE);
  expect(groups["encoder.layer.1"]).toEqual({ rate: 0.01, decay: 0.1 });
  expect(groups["encoder.layer.0.plain"]).toEqual({ rate: 0.005, decay: 0 });
  expect(groups.embeddings!.rate).toBe(0.0025);
  expect(groups.heads!.rate).toBe(0.05);
});

test("weights begin as the base has them, and heads small and drawn from the seed", () => {
  const table = new Float32Array(12 * 8).fill(0.5);
  const weights = initialWeights(STEP, new Map([[WORD_TABLE, table]]), 3);
  expect(weights.get(WORD_TABLE)).toBe(table);
  expect(initialWeights(STEP, new Map(), 3).get("heads.ner.kernel")).toEqual(weights.get("heads.ner.kernel"));
  expect(initialWeights(STEP, new Map(), 4).get("heads.ner.kernel")).not.toEqual(
    weights.get("heads.ner.kernel"),
  );
  expect(weights.get("heads.ner.bias")).toEqual(new Float32Array(3));
});
