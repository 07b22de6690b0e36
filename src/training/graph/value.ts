/**
 * A computation as plain data: values, and the nodes that make them. Nothing is computed here.
 *
 * A value knows the node it comes from, so a graph is whatever its outputs reach; what no output needs is not in it.
 * The operators are a closed list. Each has a builder with its shape rule (`operators.ts`), a gradient
 * (`gradient-rules.ts`) and a form in ONNX (`lowering.ts`); the compiler holds the three tables together.
 */
import { type Dimension, product, type Shape, show, wrongShape } from "./shape.js";

/** Every operator with its attributes. */
export interface Attributes {
  readonly Add: None;
  readonly Sub: None;
  readonly Mul: None;
  readonly Div: None;
  readonly Neg: None;
  readonly Sqrt: None;
  readonly Square: None;
  readonly Exp: None;
  readonly Log: None;
  readonly Erf: None;
  readonly Gelu: None;
  readonly Where: None;
  readonly Cast: None;
  readonly OneHot: { readonly classes: number };
  readonly Range: { readonly length: Dimension };
  readonly MatMul: { readonly transposeA: boolean; readonly transposeB: boolean; readonly scale: number };
  readonly Linear: None;
  readonly Softmax: None;
  readonly LogSoftmax: None;
  readonly LogSumExp: None;
  readonly LayerNorm: { readonly epsilon: number };
  readonly Reshape: None;
  readonly Expand: None;
  readonly Transpose: { readonly permutation: readonly number[] };
  readonly Gather: None;
  readonly ReduceSum: { readonly axes: readonly number[]; readonly keep: boolean };
}

export type None = Readonly<Record<never, never>>;
export type OperatorName = keyof Attributes;
export type DataType = "float32" | "int64" | "bool";

export interface Node<Name extends OperatorName = OperatorName> {
  readonly operator: Name;
  readonly attributes: Attributes[Name];
  readonly inputs: readonly Value[];
  /** The first is the result; LayerNorm has mean and inverse standard deviation beside it. */
  readonly outputs: readonly Value[];
}

export interface Value {
  readonly type: DataType;
  readonly shape: Shape;
  readonly source: Source;
}

export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "parameter"; readonly name: string }
  | { readonly kind: "constant"; readonly data: readonly number[] }
  | { readonly kind: "node"; readonly node: Node; readonly output: number };

/** What is given anew with every run. */
export function input(name: string, type: DataType, shape: Shape): Value {
  return { type, shape, source: { kind: "input", name } };
}

/** A weight: an input of a training step, stored in the file of a served model. */
export function parameter(name: string, shape: readonly number[]): Value {
  return { type: "float32", shape, source: { kind: "parameter", name } };
}

/** @param data the numbers in row-major order; a number alone is a scalar. */
export function constant(
  data: number | readonly number[],
  shape: readonly number[] = [],
  type: DataType = "float32",
): Value {
  const numbers = typeof data === "number" ? [data] : data;
  if (product(shape) !== numbers.length) throw wrongShape(`${numbers.length} numbers for ${show(shape)}`);
  return { type, shape, source: { kind: "constant", data: numbers } };
}

/** Makes a node and gives its result. @param more shapes of further outputs, which have the type of the first. */
export function apply<Name extends OperatorName>(
  operator: Name,
  attributes: Attributes[Name],
  inputs: readonly Value[],
  shape: Shape,
  type: DataType = "float32",
  more: readonly Shape[] = [],
): Value {
  const outputs: Value[] = [];
  const node: Node<Name> = { operator, attributes, inputs, outputs };
  for (const [output, each] of [shape, ...more].entries()) {
    outputs.push({ type, shape: each, source: { kind: "node", node, output } });
  }
  return outputs[0]!;
}

/** The node that makes a value, or undefined of an input, parameter or constant. */
export function nodeOf(value: Value): Node | undefined {
  return value.source.kind === "node" ? value.source.node : undefined;
}

/** All nodes that the outputs need, each after those it needs. Their order depends on the graph alone. */
export function inOrder(outputs: readonly Value[]): Node[] {
  const order: Node[] = [];
  const state = new Map<Node, "open" | "done">();
  // An explicit stack: an encoder's backward pass is deeper than the call stack should be.
  const stack: Node[] = [];
  for (const output of outputs) {
    const root = nodeOf(output);
    if (root !== undefined) stack.push(root);
    while (stack.length > 0) {
      const node = stack.at(-1)!;
      if (state.get(node) === undefined) {
        state.set(node, "open");
        for (const need of node.inputs) {
          const before = nodeOf(need);
          if (before !== undefined && state.get(before) === undefined) stack.push(before);
        }
      } else {
        stack.pop();
        if (state.get(node) === "open") order.push(node);
        state.set(node, "done");
      }
    }
  }
  return order;
}
