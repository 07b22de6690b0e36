/** Builders: each checks shapes and gives the value that an operator makes. ONNX's operators, in plainer terms. */
import {
  axisOf,
  broadcast,
  type Dimension,
  product,
  type Shape,
  sameShape,
  show,
  wrongShape,
} from "./shape.js";
import { apply, constant, type Node, nodeOf, type OperatorName, type Value } from "./value.js";

export function add(a: Value, b: Value | number): Value {
  return elementwise("Add", a, b);
}

export function sub(a: Value, b: Value | number): Value {
  return elementwise("Sub", a, b);
}

export function mul(a: Value, b: Value | number): Value {
  return elementwise("Mul", a, b);
}

export function div(a: Value, b: Value | number): Value {
  return elementwise("Div", a, b);
}

function elementwise(operator: "Add" | "Sub" | "Mul" | "Div", a: Value, b: Value | number): Value {
  const right = typeof b === "number" ? constant(b) : b;
  return apply(operator, {}, [a, right], broadcast(a.shape, right.shape));
}

export const neg = (x: Value): Value => apply("Neg", {}, [x], x.shape);
export const sqrt = (x: Value): Value => apply("Sqrt", {}, [x], x.shape);
export const square = (x: Value): Value => apply("Square", {}, [x], x.shape);
export const exp = (x: Value): Value => apply("Exp", {}, [x], x.shape);
export const log = (x: Value): Value => apply("Log", {}, [x], x.shape);
export const erf = (x: Value): Value => apply("Erf", {}, [x], x.shape);

/** x P(x), with the normal distribution's P: the exact one, not the approximation by tanh. P is kept for the gradient. */
export const gelu = (x: Value): Value => apply("Gelu", {}, [x], x.shape, "float32", [x.shape]);

/** `yes` where the condition (bool) holds, else `no`. */
export function where(condition: Value, yes: Value, no: Value): Value {
  return apply("Where", {}, [condition, yes, no], broadcast(condition.shape, broadcast(yes.shape, no.shape)));
}

/** int64 or bool to float32. */
export const toFloat = (x: Value): Value => apply("Cast", {}, [x], x.shape);

/** [...ids] of int64 to [...ids, classes] of 0 and 1. An id that is no class, such as -100, gives zeros alone. */
export function oneHot(ids: Value, classes: number): Value {
  return apply("OneHot", { classes }, [ids], [...ids.shape, classes]);
}

/** 0, 1, ... length - 1 as int64. */
export const range = (length: Dimension): Value => apply("Range", { length }, [], [length], "int64");

export interface MatMulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly scale?: number;
}

/** scale * A B, [...batch, M, K] by [...batch, K, N]; the batch axes are the same on both sides. */
export function matMul(a: Value, b: Value, options: MatMulOptions = {}): Value {
  const { transposeA = false, transposeB = false, scale = 1 } = options;
  const [m, k] = lastTwo(a.shape, transposeA);
  const [inner, n] = lastTwo(b.shape, transposeB);
  if (k !== inner || !sameShape(a.shape.slice(0, -2), b.shape.slice(0, -2))) {
    throw wrongShape(`no product of ${show(a.shape)} and ${show(b.shape)}`);
  }
  const shape = [...a.shape.slice(0, -2), m, n];
  return apply("MatMul", { transposeA, transposeB, scale }, [a, b], shape);
}

function lastTwo(shape: Shape, transposed: boolean): [Dimension, Dimension] {
  const [rows, columns] = [shape.at(-2), shape.at(-1)];
  if (rows === undefined || columns === undefined) throw wrongShape(`${show(shape)} is no matrix`);
  return transposed ? [columns, rows] : [rows, columns];
}

/** x W + b, [rows, in] by [in, out] and [out]. */
export function linear(x: Value, kernel: Value, bias: Value): Value {
  if (
    x.shape.length !== 2 ||
    x.shape[1] !== kernel.shape[0] ||
    !sameShape(bias.shape, kernel.shape.slice(1))
  ) {
    throw wrongShape(`no layer of ${show(x.shape)}, ${show(kernel.shape)} and ${show(bias.shape)}`);
  }
  return apply("Linear", {}, [x, kernel, bias], [x.shape[0]!, kernel.shape[1]!]);
}

/** Along the last axis, as are the next two. */
export const softmax = (x: Value): Value => apply("Softmax", {}, [x], x.shape);
export const logSoftmax = (x: Value): Value => apply("LogSoftmax", {}, [x], x.shape);
/** The last axis stays, with length 1. */
export const logSumExp = (x: Value): Value => apply("LogSumExp", {}, [x], [...x.shape.slice(0, -1), 1]);

/** Each row of [rows, n] to mean 0 and variance 1, then times `scale` plus `bias`, both [n]. */
export function layerNorm(x: Value, scale: Value, bias: Value, epsilon: number): Value {
  const last = x.shape.slice(1);
  if (x.shape.length !== 2 || !sameShape(scale.shape, last) || !sameShape(bias.shape, last)) {
    throw wrongShape(`no normalisation of ${show(x.shape)} by ${show(scale.shape)} and ${show(bias.shape)}`);
  }
  const statistics = [x.shape[0]!, 1];
  return apply("LayerNorm", { epsilon }, [x, scale, bias], x.shape, "float32", [statistics, statistics]);
}

/** The same numbers in the same order, in another shape. */
export function reshape(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (product(x.shape) !== product(shape)) throw wrongShape(`${show(x.shape)} has no shape ${show(shape)}`);
  return apply("Reshape", {}, [x], shape, x.type);
}

/** Repeats along axes of length 1, and along new axes in front. */
export function expand(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  if (!sameShape(broadcast(x.shape, shape), shape)) {
    throw wrongShape(`${show(x.shape)} does not expand to ${show(shape)}`);
  }
  return apply("Expand", {}, [x], shape, x.type);
}

/** Axis i of the result is axis `permutation[i]` of x. */
export function transpose(x: Value, permutation: readonly number[]): Value {
  const shape = permutation.map((axis) => x.shape[axisOf(axis, x.shape)]!);
  if (permutation.length !== x.shape.length || new Set(permutation).size !== permutation.length) {
    throw wrongShape(`${show(permutation)} is no order of ${show(x.shape)}`);
  }
  return apply("Transpose", { permutation }, [x], shape, x.type);
}

/** Rows of a table [rows, width] by ids [...ids] of int64: [...ids, width]. */
export function gather(table: Value, ids: Value): Value {
  if (table.shape.length !== 2 || ids.type !== "int64")
    throw wrongShape(`no rows of ${show(table.shape)} by ${ids.type}`);
  return apply("Gather", {}, [table, ids], [...ids.shape, table.shape[1]!]);
}

/** Over all axes where none are given. @param keep leaves each summed axis with length 1. */
export function reduceSum(x: Value, axes?: readonly number[], keep = false): Value {
  const all = (axes ?? x.shape.map((_, axis) => axis)).map((axis) => axisOf(axis, x.shape));
  const shape = x.shape.flatMap((dimension, axis) => (!all.includes(axis) ? [dimension] : keep ? [1] : []));
  return apply("ReduceSum", { axes: all, keep }, [x], shape);
}

/** As `reduceSum`. The number of the elements is counted where it is known only when the graph runs. */
export function reduceMean(x: Value, axes?: readonly number[], keep = false): Value {
  const sum = reduceSum(x, axes, keep);
  const count = product((axes ?? [...x.shape.keys()]).map((axis) => x.shape[axisOf(axis, x.shape)]!));
  if (typeof count === "number") return mul(sum, 1 / count);
  return div(sum, reduceSum(expand(constant(1), [count])));
}

/** Sums x down to the shape that was broadcast to x's: the gradient of a broadcast. */
export function sumTo(x: Value, shape: Shape): Value {
  const added = x.shape.length - shape.length;
  const axes = x.shape.flatMap((dimension, axis) =>
    axis < added || (shape[axis - added] === 1 && dimension !== 1) ? [axis] : [],
  );
  return axes.length === 0 ? x : reshape(reduceSum(x, axes), shape);
}

/** The node that made a value, where it must be one of this operator. */
export function madeBy<Name extends OperatorName>(operator: Name, value: Value): Node<Name> {
  const node = nodeOf(value);
  if (node?.operator !== operator) throw wrongShape(`a value is not made by ${operator}`);
  return node as Node<Name>;
}
