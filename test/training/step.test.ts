/** The whole step of a tiny encoder against differences, and the model that is served against the step. */
import { describe, expect, it } from "vitest";
import type { EncoderConfig } from "../../src/training/encoder-config.js";
import { encodeModel } from "../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../src/training/graph/onnx-model.js";
import { servedModel, type TrainedLens, trainingStep, WORD_TABLE } from "../../src/training/step.js";
import { evaluate, type Feeds, type Tensor } from "./graph/reference.js";
import { randomFrom, relativeError, runOnnx } from "./graph/runtime.js";

const CONFIG: EncoderConfig = {
  vocabulary: 11,
  hidden: 8,
  layers: 2,
  heads: 2,
  intermediate: 12,
  positions: 7,
  tokenTypes: 3,
  epsilon: 1e-12,
};
// The answer 3 of the first lens means "0 or 2".
const LENSES: readonly TrainedLens[] = [
  { name: "ner", labels: 3, weight: 1, sets: [[0, 2]] },
  { name: "pos", labels: 4, weight: 0.5 },
];
const SIZES = { batch: 2, sequence: 5 };
const step = trainingStep(CONFIG, LENSES, { words: "rows", dropout: () => true });

/** Weights as large as they are in use, ids that repeat, padding, words without an answer, masks. */
function makeFeeds(seed: number, weightsOnly = false): Map<string, Tensor> {
  const random = randomFrom(seed);
  const below = (n: number) => Math.floor(random() * n);
  const { batch, sequence } = SIZES;
  const tokens = (make: (place: number) => number): Tensor => ({
    shape: [batch, sequence],
    data: Array.from({ length: batch * sequence }, (_, i) => make(i % sequence)),
  });
  const feeds = new Map<string, Tensor>();
  for (const [name, { shape }] of step.parameters) {
    const around = name.endsWith("LayerNorm.weight") ? 1 : 0;
    feeds.set(
      name,
      filled(shape, () => Math.fround(around + (random() - 0.5) * 0.8)),
    );
  }
  if (weightsOnly) return feeds;
  feeds.set(
    "input_ids",
    tokens(() => below(CONFIG.vocabulary)),
  );
  feeds.set("attention_mask", { ...tokens(() => 1), data: [1, 1, 1, 1, 1, 1, 1, 1, 0, 0] });
  feeds.set(
    "token_type_ids",
    tokens(() => below(CONFIG.tokenTypes)),
  );
  feeds.set("labels.ner", { ...tokens(() => 0), data: [-100, 0, 1, 3, -100, -100, 2, 3, -100, -100] });
  feeds.set("labels.pos", { ...tokens(() => 0), data: [-100, 3, -100, 1, 0, -100, 2, 1, -100, -100] });
  for (const { name, shape } of step.masks) {
    feeds.set(
      name,
      filled(shape, () => (random() < 0.2 ? 0 : Math.fround(1.25))),
    );
  }
  return feeds;
}

function filled(shape: readonly (number | string)[], make: () => number): Tensor {
  const { batch, sequence } = SIZES;
  const sizes: Record<string, number> = { ...SIZES, "batch*sequence": batch * sequence };
  const concrete = shape.map((each) => (typeof each === "string" ? sizes[each]! : each));
  return { shape: concrete, data: Array.from({ length: concrete.reduce((a, b) => a * b, 1) }, make) };
}

function lossOf(feeds: Feeds): number {
  return evaluate([step.outputs.loss!], feeds)[0]!.data[0]!;
}

/** The loss's change with one number of one weight. */
function difference(feeds: Feeds, name: string, i: number): number {
  const { shape, data } = feeds.get(name)!;
  const h = 1e-5;
  const moved = (by: number) =>
    lossOf(new Map(feeds).set(name, { shape, data: data.map((a, j) => (i === j ? a + by : a)) }));
  return (moved(h) - moved(-h)) / (2 * h);
}

describe("the training step", () => {
  it("has a gradient for every weight, equal to the differences of its loss", async () => {
    const feeds = makeFeeds(3);
    const results = await runOnnx(step.outputs, feeds, "runtime");
    expect(relativeError(results.loss!.data, [lossOf(feeds)])).toBeLessThan(1e-5);

    const random = randomFrom(17);
    const found: { name: string; error: number }[] = [];
    for (const [name, output] of step.gradientOf) {
      const { data, shape } = results[output]!;
      expect(shape).toEqual(feeds.get(name)!.shape);
      const picked = Array.from({ length: 6 }, () => Math.floor(random() * data.length));
      const scale = Math.max(...data.map(Math.abs));
      const error =
        Math.max(...picked.map((i) => Math.abs(data[i]! - difference(feeds, name, i)))) /
        Math.max(scale, 1e-3);
      found.push({ name, error });
    }
    const worst = found.reduce((a, b) => (a.error > b.error ? a : b));
    console.log(`largest relative error of the whole step: ${worst.error.toExponential(1)} (${worst.name})`);
    expect(worst.error).toBeLessThan(1e-4);
    expect([...step.parameters.keys()].filter((name) => !step.gradientOf.has(name))).toEqual([WORD_TABLE]);
  });

  it("gives the word table's gradient as rows, to be summed by id", async () => {
    const feeds = makeFeeds(5);
    const results = await runOnnx({ rows: step.outputs[step.wordRows!]! }, feeds, "runtime");
    const { hidden, vocabulary } = CONFIG;
    const summed = new Array<number>(vocabulary * hidden).fill(0);
    feeds.get("input_ids")!.data.forEach((id, row) => {
      for (let i = 0; i < hidden; i++) summed[id * hidden + i]! += results.rows!.data[row * hidden + i]!;
    });
    const expected = summed.map((_, i) => difference(feeds, WORD_TABLE, i));
    expect(relativeError(summed, expected)).toBeLessThan(1e-4);
  });

  it("is bit-identical when it is run again, on two threads", async () => {
    const feeds = makeFeeds(7);
    const [first, second] = [
      await runOnnx(step.outputs, feeds, "runtime"),
      await runOnnx(step.outputs, feeds, "runtime"),
    ];
    expect(second).toEqual(first);
  });

  it("is written as the same bytes when it is built again", () => {
    const bytes = () =>
      encodeModel(toOnnx(trainingStep(CONFIG, LENSES, { words: "rows" }).outputs, { dialect: "runtime" }));
    expect(Buffer.from(bytes()).equals(bytes())).toBe(true);
  });

  it("leaves the words' table alone where it is frozen, and has masks only where they are asked for", () => {
    const frozen = trainingStep(CONFIG, LENSES, {
      words: "frozen",
      dropout: (place) => !place.endsWith("probabilities"),
    });
    expect(frozen.wordRows).toBeUndefined();
    expect(frozen.masks.map(({ place }) => place)).toEqual([
      "embeddings",
      "encoder.layer.0.attention",
      "encoder.layer.0.output",
      "encoder.layer.1.attention",
      "encoder.layer.1.output",
      "heads",
    ]);
    expect(step.masks).toHaveLength(8);
    expect(trainingStep(CONFIG, LENSES, { words: "frozen" }).masks).toEqual([]);
  });

  it("costs nothing and teaches nothing where no word has an answer", async () => {
    const feeds = makeFeeds(9);
    const none = { shape: [2, 5], data: new Array<number>(10).fill(-100) };
    feeds.set("labels.ner", none).set("labels.pos", none);
    const results = await runOnnx(step.outputs, feeds, "runtime");
    expect(results.loss!.data.map(Math.abs)).toEqual([0]);
    for (const output of step.gradientOf.values()) {
      expect(results[output]!.data.every((gradient) => gradient === 0)).toBe(true);
    }
  });
});

describe("the served model", () => {
  const weights = makeFeeds(3, true);
  const served = servedModel(CONFIG, LENSES);
  const probabilities = (scores: readonly number[]): number[] => {
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    return scores.map((score) => Math.exp(score) / total);
  };

  it.each(["portable", "runtime"] as const)(
    "scores as the step does without dropout (%s)",
    async (dialect) => {
      const feeds = makeFeeds(3);
      const { ner, pos } = await runOnnx(served.outputs, feeds, dialect);
      const plain = trainingStep(CONFIG, LENSES, { words: "frozen" });
      const step = await runOnnx(
        { ner: plain.outputs["loss.ner"]!, pos: plain.outputs["loss.pos"]! },
        feeds,
        "runtime",
      );
      expect(ner!.shape).toEqual([2, 5, 3]);

      const loss = ({ data }: Tensor, lens: TrainedLens): number => {
        const answers = feeds.get(`labels.${lens.name}`)!.data;
        const chances = answers.flatMap((answer, row) => {
          if (answer < 0) return [];
          const p = probabilities(data.slice(row * lens.labels, (row + 1) * lens.labels));
          const allowed = answer < lens.labels ? [answer] : lens.sets![answer - lens.labels]!;
          return [allowed.reduce((sum, label) => sum + p[label]!, 0)];
        });
        return chances.reduce((sum, p) => sum - Math.log(p), 0) / chances.length;
      };
      expect(loss(ner!, LENSES[0]!)).toBeCloseTo(step.ner!.data[0]!, 5);
      expect(loss(pos!, LENSES[1]!)).toBeCloseTo(step.pos!.data[0]!, 5);
    },
  );

  it("does not see padding", async () => {
    const [feeds, changed] = [makeFeeds(3), makeFeeds(3)];
    const ids = feeds.get("input_ids")!;
    changed.set("input_ids", { ...ids, data: ids.data.map((id, i) => (i >= 8 ? (id + 1) % 11 : id)) });
    const [before, after] = [
      await runOnnx(served.outputs, feeds, "portable"),
      await runOnnx(served.outputs, changed, "portable"),
    ];
    expect(after.ner!.data.slice(0, 24)).toEqual(before.ner!.data.slice(0, 24));
    expect(after.ner!.data.slice(24)).not.toEqual(before.ner!.data.slice(24));
  });

  it("holds its weights, and asks for what every BERT asks for", () => {
    const stored = new Map([...weights].map(([name, { data }]) => [name, Float32Array.from(data)]));
    const model = toOnnx(served.outputs, { dialect: "portable", weights: stored, inputs: served.inputs });
    expect(model.graph.input.map(({ name }) => name)).toEqual([
      "input_ids",
      "attention_mask",
      "token_type_ids",
    ]);
    expect(model.graph.output.map(({ name }) => name)).toEqual(["ner", "pos"]);
    expect(new Set(model.graph.node.map(({ domain }) => domain))).toEqual(new Set([undefined]));
    const held = new Set(model.graph.initializer.map(({ name }) => name));
    expect([...stored.keys()].filter((name) => !held.has(name))).toEqual([]);
  });
});
