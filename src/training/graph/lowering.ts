/** For each operator, its form in ONNX: operator set 20, and ONNX Runtime's own operators where they are allowed. */
import { ATTRIBUTE, type OnnxAttribute } from "./onnx-file.js";
import type { Shape } from "./shape.js";
import type { DataType, Node, OperatorName } from "./value.js";

/**
 * `runtime`: a form that runs at once as fast as it can on ONNX Runtime (Gemm, FusedMatMul). `portable`: standard
 * operators alone, matrix products as MatMul and Add, which every runtime reads and every quantiser knows: what is
 * exported begins as this.
 */
export type Dialect = "runtime" | "portable";

export interface Emitter {
  readonly dialect: Dialect;
  /** Adds a node. @returns the name of its first output: one of `outputs`, or a new one where none are given. */
  emit(
    opType: string,
    inputs: readonly string[],
    outputs?: readonly string[],
    attributes?: readonly OnnxAttribute[],
    domain?: string,
  ): string;
  constant(type: DataType, shape: readonly number[], data: readonly number[]): string;
  /** A list of int64 that holds a shape. `-1` may stand for one size that reshaping finds by itself. */
  sizes(shape: Shape): string;
}

/** @param inputs names of the node's inputs. @param outputs names that its outputs must get. */
export type LoweringRule<Name extends OperatorName = OperatorName> = (
  emitter: Emitter,
  node: Node<Name>,
  inputs: readonly string[],
  outputs: readonly string[],
) => void;

const same =
  (opType: string, ...attributes: OnnxAttribute[]): LoweringRule =>
  (emitter, _, inputs, outputs) => {
    emitter.emit(opType, inputs, outputs, attributes);
  };

export const LOWERING_RULES: { readonly [Name in OperatorName]: LoweringRule<Name> } = {
  Add: same("Add"),
  Sub: same("Sub"),
  Mul: same("Mul"),
  Div: same("Div"),
  Neg: same("Neg"),
  Sqrt: same("Sqrt"),
  Square: (to, _, [x], outputs) => void to.emit("Mul", [x!, x!], outputs),
  Exp: same("Exp"),
  Log: same("Log"),
  Erf: same("Erf"),
  Gelu: lowerGelu,
  Where: same("Where"),
  Cast: same("Cast", int("to", 1)),
  OneHot: (to, { attributes: { classes } }, [ids], outputs) => {
    const column = to.emit("Unsqueeze", [ids!, to.constant("int64", [1], [-1])]);
    const all = to.constant("int64", [classes], [...Array(classes).keys()]);
    to.emit("Cast", [to.emit("Equal", [column, all])], outputs, [int("to", 1)]);
  },
  Range: (to, { attributes: { length } }, _, outputs) => {
    const end = to.emit("Squeeze", [to.sizes([length]), to.constant("int64", [1], [0])]);
    to.emit("Range", [to.constant("int64", [], [0]), end, to.constant("int64", [], [1])], outputs);
  },

  MatMul: lowerMatMul,
  Linear: (to, _, [x, kernel, bias], outputs) => {
    if (to.dialect === "runtime") to.emit("Gemm", [x!, kernel!, bias!], outputs);
    else to.emit("Add", [to.emit("MatMul", [x!, kernel!]), bias!], outputs);
  },

  Softmax: same("Softmax", int("axis", -1)),
  LogSoftmax: same("LogSoftmax", int("axis", -1)),
  LogSumExp: (to, _, [x], outputs) => {
    to.emit("ReduceLogSumExp", [x!, to.constant("int64", [1], [-1])], outputs, [int("keepdims", 1)]);
  },
  LayerNorm: (to, { attributes: { epsilon } }, inputs, outputs) => {
    to.emit("LayerNormalization", inputs, outputs, [int("axis", -1), float("epsilon", epsilon)]);
  },

  Reshape: (to, { outputs: [y] }, [x], outputs) => {
    // One size may be left to the operator; a shape with a single unknown size then needs nothing from the inputs.
    const unknown = y!.shape.findIndex((dimension) => typeof dimension === "string");
    to.emit("Reshape", [x!, to.sizes(y!.shape.map((each, i) => (i === unknown ? -1 : each)))], outputs);
  },
  Expand: (to, { outputs: [y] }, [x], outputs) => void to.emit("Expand", [x!, to.sizes(y!.shape)], outputs),
  Transpose: (to, { attributes: { permutation } }, inputs, outputs) => {
    to.emit("Transpose", inputs, outputs, [ints("perm", permutation)]);
  },
  Gather: same("Gather", int("axis", 0)),
  ReduceSum: (to, { attributes: { axes, keep } }, [x], outputs) => {
    const list = to.constant("int64", [axes.length], axes);
    to.emit("ReduceSum", [x!, list], outputs, [int("keepdims", keep ? 1 : 0)]);
  },
};

/**
 * Where P(x) is wanted too, from erf: (1 + erf(x / sqrt 2)) / 2 is between 0 and 1, so HardSigmoid, which is a line
 * between them, does it in one pass over memory.
 */
function lowerGelu(to: Emitter, _: Node<"Gelu">, [x]: readonly string[], outputs: readonly string[]): void {
  if (outputs.length === 1) {
    to.emit("Gelu", [x!], outputs);
    return;
  }
  const error = to.emit("Erf", [to.emit("Mul", [x!, to.constant("float32", [], [Math.SQRT1_2])])]);
  const below = to.emit("HardSigmoid", [error], [outputs[1]!], [float("alpha", 0.5), float("beta", 0.5)]);
  to.emit("Mul", [x!, below], [outputs[0]!]);
}

function lowerMatMul(
  to: Emitter,
  node: Node<"MatMul">,
  inputs: readonly string[],
  outputs: readonly string[],
): void {
  const { transposeA, transposeB, scale } = node.attributes;
  if (!transposeA && !transposeB && scale === 1) {
    to.emit("MatMul", inputs, outputs);
    return;
  }
  const rank = node.outputs[0]!.shape.length;
  if (to.dialect === "runtime") {
    // Both transpose while they pack, without a copy of their own.
    const flags = [
      int("transA", transposeA ? 1 : 0),
      int("transB", transposeB ? 1 : 0),
      float("alpha", scale),
    ];
    if (rank === 2) to.emit("Gemm", inputs, outputs, flags);
    else to.emit("FusedMatMul", inputs, outputs, flags, "com.microsoft");
    return;
  }
  const swapped = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  const turn = (name: string, transposed: boolean): string =>
    transposed ? to.emit("Transpose", [name], undefined, [ints("perm", swapped)]) : name;
  const sides = [turn(inputs[0]!, transposeA), turn(inputs[1]!, transposeB)];
  if (scale === 1) to.emit("MatMul", sides, outputs);
  else to.emit("Mul", [to.emit("MatMul", sides), to.constant("float32", [], [scale])], outputs);
}

function int(name: string, i: number): OnnxAttribute {
  return { name, type: ATTRIBUTE.int, i };
}

function float(name: string, f: number): OnnxAttribute {
  return { name, type: ATTRIBUTE.float, f };
}

function ints(name: string, values: readonly number[]): OnnxAttribute {
  return { name, type: ATTRIBUTE.ints, ints: values };
}
