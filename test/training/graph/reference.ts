/**
 * The meaning of every operator in plain double-precision loops: an oracle that shares nothing with ONNX Runtime, and
 * exact enough to differentiate by differences.
 */
import { factors, type Shape } from "../../../src/training/graph/shape.js";
import { inOrder, type Node, type OperatorName, type Value } from "../../../src/training/graph/value.js";

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export type Feeds = ReadonlyMap<string, Tensor>;

/** @param feeds inputs and parameters by name. */
export function evaluate(outputs: readonly Value[], feeds: Feeds): Tensor[] {
  const sizes = new Map<string, number>();
  const results = new Map<Value, Tensor>();
  const at = (value: Value): Tensor => {
    const { source } = value;
    if (source.kind === "constant") return { shape: value.shape as number[], data: source.data };
    if (source.kind === "node") return results.get(value)!;
    return feeds.get(source.name)!;
  };
  const order = inOrder(outputs);
  for (const value of order.flatMap((node) => node.inputs)) {
    if (value.source.kind === "node" || value.source.kind === "constant") continue;
    value.shape.forEach((dimension, axis) => {
      if (typeof dimension === "string") sizes.set(dimension, at(value).shape[axis]!);
    });
  }
  const concrete = (shape: Shape): number[] =>
    shape.map((dimension) => {
      const { number, names } = factors(dimension);
      return names.reduce((all, name) => all * sizes.get(name)!, number);
    });
  for (const node of order) {
    const meaning = MEANING[node.operator] as Meaning;
    const shapes = node.outputs.map(({ shape }) => concrete(shape));
    const data = meaning(node as never, node.inputs.map(at), shapes);
    node.outputs.forEach((output, i) => {
      if (data[i] !== undefined) results.set(output, { shape: shapes[i]!, data: data[i] });
    });
  }
  return outputs.map(at);
}

type Meaning<Name extends OperatorName = OperatorName> = (
  node: Node<Name>,
  inputs: readonly Tensor[],
  shapes: readonly number[][],
) => readonly number[][];

const MEANING: { readonly [Name in OperatorName]: Meaning<Name> } = {
  Add: each((a, b) => a + b),
  Sub: each((a, b) => a - b),
  Mul: each((a, b) => a * b),
  Div: each((a, b) => a / b),
  Neg: each((a) => -a),
  Sqrt: each(Math.sqrt),
  Square: each((a) => a * a),
  Exp: each(Math.exp),
  Log: each(Math.log),
  Erf: each(erf),
  Gelu: (_, [x]) => {
    const below = x!.data.map((a) => 0.5 * (1 + erf(a / Math.SQRT2)));
    return [x!.data.map((a, i) => a * below[i]!), below];
  },
  Where: each((condition, yes, no) => (condition ? yes : no)),
  Cast: each((a) => a),
  OneHot: ({ attributes: { classes } }, [ids]) => [
    ids!.data.flatMap((id) => Array.from({ length: classes }, (_, i) => (i === id ? 1 : 0))),
  ],
  Range: (_, __, [shape]) => [[...Array(shape![0]).keys()]],
  MatMul: ({ attributes: { transposeA, transposeB, scale } }, [a, b], [shape]) => {
    const [m, n] = shape!.slice(-2) as [number, number];
    const k = a!.shape.at(transposeA ? -2 : -1)!;
    return [
      indices(shape!).map((index, flat) => {
        const batch = Math.floor(flat / (m * n));
        const [row, column] = index.slice(-2) as [number, number];
        let sum = 0;
        for (let i = 0; i < k; i++) {
          const left = a!.data[batch * m * k + (transposeA ? i * m + row : row * k + i)]!;
          sum += left * b!.data[batch * k * n + (transposeB ? column * k + i : i * n + column)]!;
        }
        return scale * sum;
      }),
    ];
  },
  Linear: (_, [x, kernel, bias], [shape]) => [
    indices(shape!).map(([row, column]) => {
      let sum = bias!.data[column!]!;
      const k = x!.shape[1]!;
      for (let i = 0; i < k; i++) sum += x!.data[row! * k + i]! * kernel!.data[i * shape![1]! + column!]!;
      return sum;
    }),
  ],
  Softmax: rowwise((row) => row.map((a) => Math.exp(a - logSumExp(row)))),
  LogSoftmax: rowwise((row) => row.map((a) => a - logSumExp(row))),
  LogSumExp: rowwise((row) => [logSumExp(row)]),
  LayerNorm: ({ attributes: { epsilon } }, [x, scale, bias]) => {
    const [normal, means, inverses] = [[], [], []] as [number[], number[], number[]];
    for (const row of rows(x!)) {
      const mean = row.reduce((a, b) => a + b, 0) / row.length;
      const variance = row.reduce((sum, a) => sum + (a - mean) ** 2, 0) / row.length;
      const inverse = 1 / Math.sqrt(variance + epsilon);
      means.push(mean);
      inverses.push(inverse);
      normal.push(...row.map((a, i) => (a - mean) * inverse * scale!.data[i]! + bias!.data[i]!));
    }
    return [normal, means, inverses];
  },
  Reshape: (_, [x]) => [[...x!.data]],
  Expand: (_, [x], [shape]) => [indices(shape!).map((index) => x!.data[broadcastOffset(index, x!.shape)]!)],
  Transpose: ({ attributes: { permutation } }, [x], [shape]) => [
    indices(shape!).map((index) => {
      const source: number[] = [];
      permutation.forEach((axis, i) => {
        source[axis] = index[i]!;
      });
      return x!.data[broadcastOffset(source, x!.shape)]!;
    }),
  ],
  Gather: (_, [table, ids]) => {
    const width = table!.shape[1]!;
    return [ids!.data.flatMap((id) => table!.data.slice(id * width, (id + 1) * width))];
  },
  ReduceSum: ({ attributes: { axes } }, [x]) => {
    const kept = x!.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
    const sums = new Array<number>(kept.reduce((a, b) => a * b, 1)).fill(0);
    indices(x!.shape).forEach((index, flat) => {
      sums[broadcastOffset(index, kept)]! += x!.data[flat]!;
    });
    return [sums];
  },
};

function each(f: (...numbers: number[]) => number): Meaning {
  return (_, inputs, [shape]) => [
    indices(shape!).map((index) =>
      f(...inputs.map(({ data, shape: own }) => data[broadcastOffset(index, own)]!)),
    ),
  ];
}

function rowwise(f: (row: readonly number[]) => number[]): Meaning {
  return (_, [x]) => [rows(x!).flatMap(f)];
}

function rows({ shape, data }: Tensor): number[][] {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, row) => data.slice(row * width, (row + 1) * width));
}

/** Every index of a shape, in row-major order. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (all, size) => all.flatMap((index) => Array.from({ length: size }, (_, i) => [...index, i])),
    [[]],
  );
}

/** Where an index falls in a tensor whose axes of length 1, or missing in front, are repeated. */
function broadcastOffset(index: readonly number[], shape: readonly number[]): number {
  const skipped = index.length - shape.length;
  return shape.reduce((offset, size, axis) => offset * size + (size === 1 ? 0 : index[axis + skipped]!), 0);
}

function logSumExp(row: readonly number[]): number {
  const most = Math.max(...row);
  return most + Math.log(row.reduce((sum, a) => sum + Math.exp(a - most), 0));
}

/** Abramowitz and Stegun 7.1.6: a series whose terms all have one sign. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}
