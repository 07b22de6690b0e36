import { describe, expect, it } from "vitest";
import { readBaseWeights } from "../../src/training/base-weights.js";
import { readEncoderConfig } from "../../src/training/encoder-config.js";
import { parameter } from "../../src/training/graph/value.js";
import type { StoredTensor } from "../../src/training/safetensors.js";

const stored = (shape: number[]): StoredTensor => ({
  shape,
  read: () => Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
});
const read = (name: string, shape: number[], tensors: Record<string, StoredTensor>) => [
  ...readBaseWeights(new Map([[name, parameter(name, shape)]]), new Map(Object.entries(tensors)), "f").get(
    name,
  )!,
];

describe("base weights", () => {
  it("are those of the same name, with BERT's prefix or without", () => {
    expect(read("a.bias", [3], { "a.bias": stored([3]) })).toEqual([0, 1, 2]);
    expect(read("a.bias", [3], { "bert.a.bias": stored([3]) })).toEqual([0, 1, 2]);
  });

  it("of a kernel are the stored weight, transposed", () => {
    expect(read("a.kernel", [3, 2], { "a.weight": stored([2, 3]) })).toEqual([0, 3, 1, 4, 2, 5]);
  });

  it("of further token types are those of the first", () => {
    const name = "embeddings.token_type_embeddings.weight";
    expect(read(name, [4, 2], { [name]: stored([2, 2]) })).toEqual([0, 1, 2, 3, 0, 1, 0, 1]);
  });

  it("are refused where one is missing or of another shape", () => {
    expect(() => read("a.bias", [3], {})).toThrow(expect.objectContaining({ code: "MODEL_INCOMPLETE" }));
    for (const [name, shape, other] of [
      ["a.bias", [3], [4]],
      ["a.kernel", [3, 2], [3, 2]],
      ["embeddings.token_type_embeddings.weight", [1, 2], [2, 2]],
    ] as const) {
      const tensors = { [name.replace("kernel", "weight")]: stored([...other]) };
      expect(() => read(name, [...shape], tensors)).toThrow(
        expect.objectContaining({ code: "MODEL_BROKEN" }),
      );
    }
  });
});

describe("an encoder's config.json", () => {
  const config = {
    model_type: "bert",
    hidden_act: "gelu",
    vocab_size: 100,
    hidden_size: 8,
    num_hidden_layers: 2,
    num_attention_heads: 2,
    intermediate_size: 16,
    max_position_embeddings: 32,
    type_vocab_size: 2,
    layer_norm_eps: 1e-12,
  };

  it("gives the encoder's sizes", () => {
    expect(readEncoderConfig(config, "config.json")).toEqual({
      vocabulary: 100,
      hidden: 8,
      layers: 2,
      heads: 2,
      intermediate: 16,
      positions: 32,
      tokenTypes: 2,
      epsilon: 1e-12,
    });
  });

  it.each([
    ["model_type", "distilbert"],
    ["hidden_act", "gelu_new"],
    ["position_embedding_type", "relative_key"],
    ["hidden_size", 7.5],
    ["num_attention_heads", 3],
    ["layer_norm_eps", undefined],
  ])("is refused by its key where %s is %s", (key, value) => {
    expect(() => readEncoderConfig({ ...config, [key]: value }, "config.json")).toThrow(
      expect.objectContaining({ code: "MODEL_UNSUPPORTED", message: expect.stringContaining(key) }),
    );
  });
});
