/** The encoder against hidden states that PyTorch computed from the same weights. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readBaseWeights } from "../../src/training/base-weights.js";
import { encode } from "../../src/training/encoder.js";
import { readEncoderConfig } from "../../src/training/encoder-config.js";
import { readSafetensors } from "../../src/training/safetensors.js";
import { parametersOf } from "../../src/training/step.js";
import { SHARED_ABSENT, shared } from "../support/shared.js";
import type { Tensor } from "./graph/reference.js";
import { runOnnx } from "./graph/runtime.js";

interface Golden {
  readonly ids: number[];
  readonly positions: number[];
  /** By layer, for each of the positions, the first numbers of its row. */
  readonly layers: Readonly<Record<string, number[][]>>;
  /** Of all numbers of each layer. */
  readonly mean_abs: number[];
}

describe.skipIf(SHARED_ABSENT)("the encoder with MiniLM's weights (needs ../shared)", () => {
  const base = shared("base/minilm");
  const json = (file: string) => JSON.parse(readFileSync(`${base}/${file}`, "utf8"));
  const golden: Golden[] = SHARED_ABSENT ? [] : json("golden.json");

  it.each(["portable", "runtime"] as const)("gives what PyTorch gives (%s)", async (dialect) => {
    const config = readEncoderConfig(json("config.json"), "config.json");
    const { layers } = encode(config);
    const parameters = parametersOf(layers);
    const tensors = readSafetensors(readFileSync(`${base}/model.safetensors`), "model.safetensors");
    const weights = readBaseWeights(parameters, tensors, "model.safetensors");
    const feeds = new Map<string, Tensor>();
    for (const [name, data] of weights) {
      // The whole table as plain numbers would be slow to pass around; a typed array serves as well.
      feeds.set(name, { shape: parameters.get(name)!.shape as number[], data: data as unknown as number[] });
    }
    let largest = 0;
    for (const { ids, positions, layers: expected, mean_abs } of golden) {
      const shape = [1, ids.length];
      feeds.set("input_ids", { shape, data: ids });
      feeds.set("attention_mask", { shape, data: ids.map(() => 1) });
      feeds.set("token_type_ids", { shape, data: ids.map(() => 0) });
      const outputs = Object.fromEntries(layers.map((layer, i) => [i, layer]));
      const results = await runOnnx(outputs, feeds, dialect);
      for (const [layer, rows] of Object.entries(expected)) {
        rows.forEach((row, i) => {
          const start = positions[i]! * config.hidden;
          row.forEach((number, j) => {
            largest = Math.max(largest, Math.abs(results[layer]!.data[start + j]! - number));
          });
        });
      }
      mean_abs.forEach((mean, layer) => {
        const { data } = results[layer]!;
        expect(data.reduce((sum, a) => sum + Math.abs(a), 0) / data.length).toBeCloseTo(mean, 5);
      });
    }
    console.log(`largest difference from PyTorch (${dialect}): ${largest.toExponential(1)}`);
    expect(golden).toHaveLength(4);
    // golden.json has five decimals. GELU by tanh and an epsilon of 1e-5 each miss the means above.
    expect(largest).toBeLessThan(2e-5);
  });
});
