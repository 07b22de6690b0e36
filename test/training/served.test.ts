/** The file that is written, in the engine that serves it; and files of other tools, in the reader. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { switchOffTelemetry } from "../../src/adapters/threads/telemetry.js";
import { servedFile } from "../../src/training/export/served-graph.js";
import { decodeModel } from "../../src/training/graph/onnx-file.js";
import { parametersOf, servedModel } from "../../src/training/step.js";
import { SHARED_ABSENT, shared } from "../support/shared.js";
import { evaluate, type Tensor } from "./graph/reference.js";
import { randomFrom, relativeError } from "./graph/runtime.js";

switchOffTelemetry();
const { openSession } = await import("../../src/adapters/onnx/session.js");

describe("a served model's file", () => {
  it("is opened by the engine, which finds its lenses and the scores they should have", async () => {
    const sizes = { vocabulary: 20, hidden: 8, layers: 1, heads: 2, intermediate: 12, positions: 16 };
    const config = { ...sizes, tokenTypes: 2, epsilon: 1e-12 };
    const heads = [
      { name: "ner", labels: 5 },
      { name: "pos", labels: 3 },
    ];
    const served = servedModel(config, heads);
    const random = randomFrom(2);
    const weights = new Map<string, Float32Array>();
    const feeds = new Map<string, Tensor>();
    for (const [name, { shape }] of parametersOf(Object.values(served.outputs))) {
      const length = (shape as number[]).reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length }, () => random() - 0.5);
      weights.set(name, data);
      feeds.set(name, { shape: shape as number[], data: [...data] });
    }
    const directory = mkdtempSync(join(tmpdir(), "spanmill-"));
    try {
      const file = join(directory, "model.onnx");
      writeFileSync(file, servedFile(config, heads, weights, "fp32"));
      const session = await openSession(file, { prefix: [], suffix: [] });
      expect(session.graph.outputs).toEqual([
        { name: "ner", type: "float32", labels: 5 },
        { name: "pos", type: "float32", labels: 3 },
      ]);
      const ids = [3, 1, 4, 1, 5, 9];
      const scores = await session.run(ids);
      await session.release();
      for (const [name, data] of [
        ["input_ids", ids],
        ["attention_mask", ids.map(() => 1)],
        ["token_type_ids", ids.map(() => 0)],
      ] as const) {
        feeds.set(name, { shape: [1, ids.length], data });
      }
      for (const [lens, value] of Object.entries(served.outputs)) {
        const [plain] = evaluate([value], feeds);
        expect(relativeError([...scores.get(lens)!], plain!.data)).toBeLessThan(1e-5);
      }
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe.skipIf(SHARED_ABSENT)("ONNX files of other tools (need ../shared)", () => {
  it.each(["tiny-distilbert-bioes", "tiny-roberta-bio", "tiny-xlmr-pos"])("are read: %s", (name) => {
    const { graph } = decodeModel(readFileSync(shared(`models/${name}/onnx/model.onnx`)), name);
    expect(graph.input.map((input) => input.name)).toContain("input_ids");
    expect(graph.output[0]!.type.tensorType.elemType).toBe(1);
    const floats = graph.initializer.filter(({ dataType, dims }) => dataType === 1 && dims.length === 2);
    expect(floats.length).toBeGreaterThan(4);
    for (const { rawData, dims } of floats) expect(rawData!.length).toBe(4 * dims[0]! * dims[1]!);
    const made = new Set([
      ...graph.node.flatMap(({ output }) => output),
      ...graph.initializer.map((tensor) => tensor.name),
      ...graph.input.map((input) => input.name),
    ]);
    expect(graph.node.flatMap(({ input }) => input).filter((each) => each !== "" && !made.has(each))).toEqual(
      [],
    );
  });
});
