import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readModelWeights } from "../../../src/training/export/read-model.js";
import { servedFile } from "../../../src/training/export/served-graph.js";
import { decodeModel, encodeModel } from "../../../src/training/graph/onnx-file.js";
import { SHARED_ABSENT, shared } from "../../support/shared.js";
import { HEADS, tinyModel } from "./models.js";

const { config, weights } = tinyModel();
const FLOAT = servedFile(config, HEADS, weights, "fp32");
const INT8 = servedFile(config, HEADS, weights, "int8");

const refused = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("weights read back", () => {
  it("from a float file are the very same, heads too", () => {
    const read = readModelWeights(FLOAT, config, "model.onnx");
    expect(new Map([...read].sort())).toEqual(new Map([...weights].sort()));
  });

  it("from an int8 file are within half a scale, and make the same file again", () => {
    const read = readModelWeights(INT8, config, "model_int8.onnx");
    expect([...read.keys()].sort()).toEqual([...weights.keys()].sort());
    let inexact = 0;
    for (const [name, numbers] of weights) {
      const back = read.get(name)!;
      if (!name.endsWith(".kernel") && !name.includes("word_embeddings")) expect(back).toEqual(numbers);
      // Weights are between -0.5 and 0.5; 64 steps of a kernel reach that far.
      for (const [i, number] of numbers.entries()) {
        expect(Math.abs(back[i]! - number)).toBeLessThanOrEqual(0.5 / 63 / 2 + 1e-5);
        if (back[i] !== number) inexact++;
      }
    }
    expect(inexact).toBeGreaterThan(0);
    expect(Buffer.compare(servedFile(config, HEADS, read, "int8"), INT8)).toBe(0);
  });

  it("are refused of a file that another program made or changed", () => {
    const model = decodeModel(FLOAT, "model.onnx");
    const foreign = encodeModel({ ...model, producerName: "pytorch" });
    expect(() => readModelWeights(foreign, config, "model.onnx")).toThrow(
      refused("MODEL_UNSUPPORTED", /model\.onnx was not written by spanmill.*model\.safetensors/),
    );
    const initializer = model.graph.initializer.map((tensor) => ({ ...tensor, dataType: 10 }));
    const changed = encodeModel({ ...model, graph: { ...model.graph, initializer } });
    expect(() => readModelWeights(changed, config, "model.onnx")).toThrow(
      refused("MODEL_BROKEN", /another program/),
    );
  });

  it("are refused of a broken file, and of one that config.json does not describe", () => {
    expect(() => readModelWeights(INT8.subarray(0, 5000), config, "cut.onnx")).toThrow(
      refused("MODEL_BROKEN", /cut\.onnx/),
    );
    expect(() => readModelWeights(INT8, { ...config, layers: 3 }, "model.onnx")).toThrow(
      refused("MODEL_INCOMPLETE", /no weight encoder\.layer\.2/),
    );
    expect(() => readModelWeights(INT8, { ...config, vocabulary: 41 }, "model.onnx")).toThrow(
      refused("MODEL_INCOMPLETE", /\[41, 16\]/),
    );
  });

  it.skipIf(SHARED_ABSENT)("are refused of PyTorch's export (needs ../shared)", () => {
    const file = "models/hf-minilm-conll03/onnx/model_quantized.onnx";
    expect(() => readModelWeights(readFileSync(shared(file)), config, file)).toThrow(
      refused("MODEL_UNSUPPORTED", /not written by spanmill/),
    );
  });
});
