import { describe, expect, it } from "vitest";
import { switchOffTelemetry } from "../../../src/adapters/threads/telemetry.js";
import { fuseAttention } from "../../../src/training/export/attention.js";
import { servedGraph } from "../../../src/training/export/served-graph.js";
import { encodeModel, type OnnxModel } from "../../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../../src/training/graph/onnx-model.js";
import { softmax } from "../../../src/training/graph/operators.js";
import { input } from "../../../src/training/graph/value.js";
import { servedModel } from "../../../src/training/step.js";
import { HEADS, tinyModel } from "./models.js";

switchOffTelemetry();
const { openGraphSession } = await import("../../../src/adapters/onnx/graph-session.js");

const { config, weights } = tinyModel();
const { outputs, inputs } = servedModel(config, HEADS);
const WRITTEN = toOnnx(outputs, { dialect: "portable", weights, inputs });

describe("attention in a served model", () => {
  it("is one standard operator a layer, and nothing is left of what it takes the place of", () => {
    const { graph, opsetImport } = servedGraph(config, HEADS, weights);
    const count = (opType: string) => graph.node.filter((node) => node.opType === opType).length;
    expect(opsetImport).toEqual([{ domain: "", version: 23 }]);
    expect([count("Attention"), count("Softmax"), count("Transpose")]).toEqual([config.layers, 0, 0]);
    expect(graph.node.length).toBeLessThan(WRITTEN.graph.node.length);
    expect(new Set(graph.node.map(({ name }) => name)).size).toBe(graph.node.length);
    const used = new Set(graph.node.flatMap((node) => node.input));
    expect(graph.initializer.filter(({ name }) => !used.has(name))).toEqual([]);
    expect(graph.input).toEqual(WRITTEN.graph.input);
    expect(graph.output).toEqual(WRITTEN.graph.output);
  });

  it.each([
    ["one piece", [1]],
    ["a window", [23]],
    ["windows of several lengths, padded", [9, 3, 32, 1]],
  ])("gives the scores of what it takes the place of: %s", async (_, lengths) => {
    const [fused, written] = await Promise.all([
      run(servedGraph(config, HEADS, weights), lengths),
      run(WRITTEN, lengths),
    ]);
    expect(Object.keys(fused)).toEqual(HEADS.map(({ name }) => name));
    for (const { name } of HEADS) {
      const most = fused[name]!.reduce(
        (sum, each, i) => Math.max(sum, Math.abs(each - written[name]![i]!)),
        0,
      );
      expect(most).toBeLessThan(1e-6);
      expect(Math.max(...fused[name]!.map(Math.abs))).toBeGreaterThan(0.1);
    }
  });

  it("is not guessed at: a softmax that is no attention is told of", () => {
    const other = toOnnx({ y: softmax(input("x", "float32", ["batch", 4])) }, { dialect: "portable" });
    expect(() => fuseAttention(other, config)).toThrow(/attention is written otherwise.*nothing where Add/);
  });
});

/** Scores of windows of these lengths, padded to the longest; those of padding are left out. */
async function run(model: OnnxModel, lengths: readonly number[]): Promise<Record<string, number[]>> {
  const session = await openGraphSession(encodeModel(model), { threads: 1 });
  const width = Math.max(...lengths);
  const of = (number: (row: number, column: number) => number) => ({
    shape: [lengths.length, width],
    data: BigInt64Array.from({ length: lengths.length * width }, (_, i) =>
      BigInt(number(Math.floor(i / width), i % width)),
    ),
  });
  const isVisible = (row: number, column: number) => column < lengths[row]!;
  const results = await session.run({
    input_ids: of((row, column) => (row * 7 + column * 3) % config.vocabulary),
    attention_mask: of((row, column) => (isVisible(row, column) ? 1 : 0)),
    token_type_ids: of((_, column) => column % config.tokenTypes),
  });
  await session.release();
  return Object.fromEntries(
    HEADS.map(({ name, labels }) => {
      const scores = [...(results[name]!.data as Float32Array)];
      const piece = (i: number) => Math.floor(i / labels);
      return [name, scores.filter((_, i) => isVisible(Math.floor(piece(i) / width), piece(i) % width))];
    }),
  );
}
