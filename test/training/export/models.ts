/** Models to export: a tiny one, and MiniLM's encoder with random heads. */
import { readFileSync } from "node:fs";
import { readBaseWeights } from "../../../src/training/base-weights.js";
import { type EncoderConfig, readEncoderConfig } from "../../../src/training/encoder-config.js";
import type { TrainedModel } from "../../../src/training/export/model-files.js";
import { readSafetensors } from "../../../src/training/safetensors.js";
import { parametersOf, servedModel } from "../../../src/training/step.js";
import { shared } from "../../support/shared.js";
import { randomFrom } from "../graph/runtime.js";

export const LENSES = [
  { name: "ner", scheme: "BIO", labels: ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"], temperature: 1.25 },
  { name: "pos", scheme: "none", labels: ["NOUN", "VERB", "PROPN"], temperature: 1 },
  { name: "chunk", scheme: "BIO", labels: ["O", "B-NP", "I-NP", "B-VP", "I-VP"], temperature: 0.9 },
] as const;

export const HEADS = LENSES.map(({ name, labels }) => ({ name, labels: labels.length }));

export function tinyModel(seed = 1): TrainedModel {
  const sizes = { vocabulary: 40, hidden: 16, layers: 2, heads: 2, intermediate: 24, positions: 32 };
  const config = { ...sizes, tokenTypes: 12, epsilon: 1e-12 };
  return model(config, {}, {}, randomWeights(config, seed));
}

export function miniLm(): TrainedModel {
  const base = shared("base/minilm");
  const json = (file: string) => JSON.parse(readFileSync(`${base}/${file}`, "utf8"));
  const config = { ...readEncoderConfig(json("config.json"), "config.json"), tokenTypes: 12 };
  const encoder = [...parametersOf(Object.values(servedModel(config, HEADS).outputs))].filter(
    ([name]) => !name.startsWith("heads."),
  );
  const tensors = readSafetensors(readFileSync(`${base}/model.safetensors`), "model.safetensors");
  const weights = new Map([
    ...[...randomWeights(config, 2)].filter(([name]) => name.startsWith("heads.")),
    ...readBaseWeights(new Map(encoder), tensors, "model.safetensors"),
  ]);
  return {
    ...model(config, json("config.json"), json("tokenizer.json"), weights),
    tokenizerConfig: json("tokenizer_config.json"),
  };
}

function model(
  config: EncoderConfig,
  configJson: Record<string, unknown>,
  tokenizer: Record<string, unknown>,
  weights: TrainedModel["weights"],
): TrainedModel {
  return {
    name: "test/model",
    config,
    configJson,
    weights,
    lenses: LENSES,
    window: 32,
    wordShapes: true,
    tokenizer,
    dtypes: ["fp32", "int8"],
  };
}

export function randomWeights(config: EncoderConfig, seed: number): Map<string, Float32Array> {
  const random = randomFrom(seed);
  const parameters = parametersOf(Object.values(servedModel(config, HEADS).outputs));
  return new Map(
    [...parameters].map(([name, { shape }]) => {
      const length = (shape as number[]).reduce((a, b) => a * b, 1);
      return [name, Float32Array.from({ length }, () => random() - 0.5)];
    }),
  );
}
