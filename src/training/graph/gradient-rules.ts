/** For each operator, the gradients of its inputs from the gradient of its result. */
import {
  add,
  div,
  exp,
  expand,
  matMul,
  mul,
  neg,
  oneHot,
  reduceSum,
  reshape,
  square,
  sub,
  sumTo,
  transpose,
  where,
} from "./operators.js";
import { product, type Shape } from "./shape.js";
import { constant, type Node, type OperatorName, type Value } from "./value.js";

/** @returns one gradient an input, in the input's shape; undefined where there is none (ids, conditions). */
export type GradientRule<Name extends OperatorName = OperatorName> = (
  node: Node<Name>,
  upstream: Value,
) => readonly (Value | undefined)[];

export const GRADIENT_RULES: { readonly [Name in OperatorName]: GradientRule<Name> } = {
  Add: ({ inputs: [a, b] }, up) => [sumTo(up, a!.shape), sumTo(up, b!.shape)],
  Sub: ({ inputs: [a, b] }, up) => [sumTo(up, a!.shape), sumTo(neg(up), b!.shape)],
  Mul: ({ inputs: [a, b] }, up) => [sumTo(mul(up, b!), a!.shape), sumTo(mul(up, a!), b!.shape)],
  Div: ({ inputs: [a, b], outputs: [y] }, up) => {
    const left = div(up, b!);
    return [sumTo(left, a!.shape), sumTo(neg(mul(left, y!)), b!.shape)];
  },
  Neg: (_, up) => [neg(up)],
  Sqrt: ({ outputs: [y] }, up) => [div(mul(up, 0.5), y!)],
  Square: ({ inputs: [x] }, up) => [mul(mul(up, 2), x!)],
  Exp: ({ outputs: [y] }, up) => [mul(up, y!)],
  Log: ({ inputs: [x] }, up) => [div(up, x!)],
  Erf: ({ inputs: [x] }, up) => [mul(up, mul(exp(neg(square(x!))), 2 / Math.sqrt(Math.PI)))],
  Gelu: ({ inputs: [x], outputs: [, below] }, up) => [mul(up, geluSlope(x!, below!))],
  Where: ({ inputs: [condition, yes, no] }, up) => [
    undefined,
    sumTo(where(condition!, up, constant(0)), yes!.shape),
    sumTo(where(condition!, constant(0), up), no!.shape),
  ],
  Cast: () => [undefined],
  OneHot: () => [undefined],
  Range: () => [],

  MatMul: ({ inputs: [a, b], attributes: { transposeA, transposeB, scale } }, up) => [
    transposeA
      ? matMul(b!, up, { transposeA: transposeB, transposeB: true, scale })
      : matMul(up, b!, { transposeB: !transposeB, scale }),
    transposeB
      ? matMul(up, a!, { transposeA: true, transposeB: transposeA, scale })
      : matMul(a!, up, { transposeA: !transposeA, scale }),
  ],
  Linear: ({ inputs: [x, kernel, bias] }, up) => [
    matMul(up, kernel!, { transposeB: true }),
    matMul(x!, up, { transposeA: true }),
    sumTo(up, bias!.shape),
  ],

  Softmax: ({ outputs: [y] }, up) => [mul(sub(up, reduceSum(mul(up, y!), [-1], true)), y!)],
  LogSoftmax: ({ outputs: [y] }, up) => [sub(up, mul(exp(y!), reduceSum(up, [-1], true)))],
  LogSumExp: ({ inputs: [x], outputs: [y] }, up) => [mul(exp(sub(x!, y!)), up)],
  LayerNorm: layerNormGradients,

  Reshape: ({ inputs: [x] }, up) => [reshape(up, x!.shape)],
  Expand: ({ inputs: [x] }, up) => [sumTo(up, x!.shape)],
  Transpose: ({ attributes: { permutation } }, up) => [
    transpose(
      up,
      permutation.map((_, axis) => permutation.indexOf(axis)),
    ),
  ],
  // Dense, for small tables. By a product, since ONNX Runtime's ScatterND adds from several threads at once: equal ids
  // would race, and a resumed run could not be bit-identical.
  Gather: ({ inputs: [table, ids] }, up) => {
    const [rows, width] = table!.shape as readonly [number, number];
    const count = product(ids!.shape);
    const chosen = oneHot(reshape(ids!, [count]), rows);
    return [matMul(chosen, reshape(up, [count, width]), { transposeA: true }), undefined];
  },
  ReduceSum: ({ inputs: [x], attributes: { axes } }, up) => [spread(up, x!.shape, axes)],
};

/** d gelu(x) / dx = P(x) + x p(x), with the normal distribution's P and density p. */
function geluSlope(x: Value, below: Value): Value {
  const density = exp(mul(square(x), -0.5));
  return add(below, mul(mul(x, density), 1 / Math.sqrt(2 * Math.PI)));
}

/**
 * With h = (x - mean) / deviation and g = up * scale, over the n numbers of a row:
 * dx = (g - mean(g) - h mean(g h)) / deviation. The means are
 * products with scale / n.
 */
function layerNormGradients(node: Node<"LayerNorm">, up: Value): readonly Value[] {
  const [x, scale, bias] = node.inputs as readonly [Value, Value, Value];
  const [, mean, inverseDeviation] = node.outputs as readonly [Value, Value, Value];
  const width = scale.shape[0] as number;
  const normal = mul(sub(x, mean), inverseDeviation);
  const upNormal = mul(up, normal);
  const share = reshape(mul(scale, 1 / width), [width, 1]);
  const centred = sub(mul(up, scale), matMul(up, share));
  const dx = mul(sub(centred, mul(normal, matMul(upNormal, share))), inverseDeviation);
  return [dx, sumTo(upNormal, scale.shape), sumTo(up, bias.shape)];
}

/** A reduced gradient back over the axes that were reduced. */
function spread(up: Value, shape: Shape, axes: readonly number[]): Value {
  const kept = shape.map((dimension, axis) => (axes.includes(axis) ? 1 : dimension));
  return expand(reshape(up, kept), shape);
}
