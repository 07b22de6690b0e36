import { describe, expect, it } from "vitest";
import { decodeModel, encodeModel } from "../../../src/training/graph/onnx-file.js";
import { toOnnx } from "../../../src/training/graph/onnx-model.js";
import * as op from "../../../src/training/graph/operators.js";
import { input, parameter } from "../../../src/training/graph/value.js";
import { runOnnx } from "./runtime.js";

const build = () => {
  const x = input("x", "float32", ["batch", 3]);
  const hidden = op.linear(x, parameter("kernel", [3, 2]), parameter("bias", [2]));
  return { x, result: op.softmax(op.gelu(hidden)) };
};
const weights = new Map([
  ["kernel", Float32Array.of(1, 2, 3, 4, 5, 6)],
  ["bias", Float32Array.of(0.5, -0.5)],
]);

describe("an ONNX file", () => {
  it("reads back as the model it was written from", () => {
    const { x, result } = build();
    const model = toOnnx({ result }, { dialect: "portable", weights, inputs: [x] });
    const read = decodeModel(encodeModel(model), "model.onnx");

    expect(read.irVersion).toBe(9);
    expect(read.opsetImport).toMatchObject([{ domain: "", version: 20 }]);
    expect(read.graph.node.map(({ opType }) => opType)).toEqual(["MatMul", "Add", "Gelu", "Softmax"]);
    expect(read.graph.input).toMatchObject([
      {
        name: "x",
        type: { tensorType: { elemType: 1, shape: { dim: [{ dimParam: "batch" }, { dimValue: 3 }] } } },
      },
    ]);
    const kernel = read.graph.initializer.find(({ name }) => name === "kernel")!;
    expect(kernel.dims).toEqual([3, 2]);
    expect(new Float32Array(Uint8Array.from(kernel.rawData!).buffer)).toEqual(weights.get("kernel"));
  });

  it("gets the same bytes from the same computation, built anew", () => {
    const bytes = () => encodeModel(toOnnx({ result: build().result }, { dialect: "runtime", weights }));
    expect(Buffer.from(bytes()).equals(bytes())).toBe(true);
  });

  it("asks for the weights that it does not hold", () => {
    const model = toOnnx({ result: build().result }, { dialect: "runtime", weights: new Map() });
    expect(model.graph.input.map(({ name }) => name)).toEqual(["x", "kernel", "bias"]);
    expect(model.graph.initializer).toEqual([]);
  });

  it("gives an input, a constant or one value under two names as results", async () => {
    const x = input("x", "float32", [2]);
    const y = op.neg(x);
    const results = await runOnnx(
      { same: x, first: y, second: y },
      new Map([["x", { shape: [2], data: [1, 2] }]]),
      "portable",
    );
    expect(results).toMatchObject({
      same: { data: [1, 2] },
      first: { data: [-1, -2] },
      second: { data: [-1, -2] },
    });
  });

  it("reads sizes from its inputs only where a shape has more than one that is not known", () => {
    const x = input("x", "float32", ["batch", "sequence", 6]);
    const types = (shape: readonly (string | number)[]) =>
      toOnnx({ y: op.reshape(x, shape) }, { dialect: "portable" }).graph.node.map(({ opType }) => opType);
    expect(types(["batch*sequence", 6])).toEqual(["Reshape"]);
    expect(types(["batch", "sequence", 2, 3])).toContain("Shape");
  });

  it("refuses a weight of another size than its parameter's", () => {
    const wrong = new Map([["kernel", Float32Array.of(1, 2)]]);
    expect(() => toOnnx({ result: build().result }, { dialect: "runtime", weights: wrong })).toThrow(
      /2 numbers for the weight kernel of \[3, 2\]/,
    );
  });

  it("keeps names of its own apart from those that it is given", async () => {
    // Lenses are named by users: v0 and c0 are as good as any.
    const x = input("0", "float32", [2]);
    const y = op.mul(op.mul(x, 2), 3);
    const results = await runOnnx(
      { v0: y, c0: op.neg(y) },
      new Map([["0", { shape: [2], data: [1, 2] }]]),
      "runtime",
    );
    expect(results).toMatchObject({ v0: { data: [6, 12] }, c0: { data: [-6, -12] } });
  });

  it.each(["is cut off", "is text", "is empty"])("that %s is refused by name", (kind) => {
    const whole = encodeModel(toOnnx({ result: build().result }, { dialect: "runtime", weights }));
    const bytes = {
      "is cut off": whole.subarray(0, whole.length - 7),
      "is text": new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\n"),
      "is empty": new Uint8Array(0),
    }[kind]!;
    expect(() => decodeModel(bytes, "model.onnx")).toThrow(
      expect.objectContaining({ code: "MODEL_BROKEN", message: expect.stringContaining("model.onnx") }),
    );
  });
});
