/**
 * Every operator: its value on ONNX Runtime against plain loops in double precision, and its gradient against central
 * differences of those loops.
 */
import { afterAll, describe, expect, it } from "vitest";
import { gradients } from "../../../src/training/graph/gradient.js";
import * as op from "../../../src/training/graph/operators.js";
import type { Shape } from "../../../src/training/graph/shape.js";
import {
  constant,
  input,
  type OperatorName,
  parameter,
  type Value,
} from "../../../src/training/graph/value.js";
import { evaluate, type Feeds, type Tensor } from "./reference.js";
import { randomFrom, relativeError, runOnnx } from "./runtime.js";

/** ONNX Runtime works in float32 (2^-24 = 6e-8 a step). */
const TOLERANCE = 1e-4;
/** Each time with other sizes; variants of an operator take turns. */
const SHAPES_TRIED = 5;

type Size = (atMost?: number) => number;

interface Case {
  readonly result: Value;
  /** What the gradient is taken of. */
  readonly of: readonly Value[];
  readonly integers?: Readonly<Record<string, () => number>>;
  readonly positive?: boolean;
}

let names = 0;
const real = (shape: Shape): Value => input(`x${names++}`, "float32", shape);
const unary =
  (f: (x: Value) => Value, positive = false) =>
  (size: Size): Case => {
    const x = real(["batch", size()]);
    return { result: f(x), of: [x], positive };
  };
/** Broadcast both ways: a new axis in front, and axes of length 1 on either side. */
const binary =
  (f: (a: Value, b: Value) => Value, positive = false) =>
  (size: Size, round: number): Case => {
    const [n, m] = [size(), size()];
    const pairs: [Shape, Shape][] = [
      [
        ["batch", n],
        ["batch", n],
      ],
      [[m, n], [n]],
      [
        ["batch", 1, n],
        [m, 1],
      ],
      [[], [n]],
    ];
    const [left, right] = pairs[round % pairs.length]!;
    const [a, b] = [real(left), real(right)];
    return { result: f(a, b), of: [a, b], positive };
  };

const CASES: { readonly [Name in OperatorName]: (size: Size, round: number) => Case } = {
  Add: binary(op.add),
  Sub: binary(op.sub),
  Mul: binary(op.mul),
  Div: binary(op.div, true),
  Neg: unary(op.neg),
  Sqrt: unary(op.sqrt, true),
  Square: unary(op.square),
  Exp: unary(op.exp),
  Log: unary(op.log, true),
  Erf: unary(op.erf),
  Gelu: unary(op.gelu),
  Where: (size) => {
    // A session is fed floats and int64 alone, so the condition is constant.
    const condition = constant([1, 0], [2, 1], "bool");
    const [yes, no] = [real([2, size()]), real([1])];
    return { result: op.where(condition, yes, no), of: [yes, no] };
  },
  Cast: (size) => {
    const [x, ids] = [real(["batch", size()]), input("ids", "int64", ["batch", 1])];
    return { result: op.mul(x, op.toFloat(ids)), of: [x], integers: { ids: () => size(9) - 3 } };
  },
  OneHot: (size) => {
    const classes = size();
    const [x, ids] = [real(["batch", classes]), input("ids", "int64", ["batch"])];
    const answers = () => (size(4) === 1 ? -100 : size(classes) - 1);
    return { result: op.mul(op.oneHot(ids, classes), x), of: [x], integers: { ids: answers } };
  },
  Range: (size) => {
    const x = real(["batch", size()]);
    const counted = op.reshape(op.toFloat(op.range("batch")), ["batch", 1]);
    return { result: op.mul(x, counted), of: [x] };
  },
  MatMul: (size, round) => {
    const [m, k, n] = [size(), size(), size()];
    const [transposeA, transposeB] = [round % 2 === 1, round % 4 > 1];
    const batch = [[], ["batch"], ["batch", 2]][round % 3]!;
    const a = real([...batch, ...(transposeA ? [k, m] : [m, k])]);
    const b = real([...batch, ...(transposeB ? [n, k] : [k, n])]);
    return { result: op.matMul(a, b, { transposeA, transposeB, scale: size(3) / 2 }), of: [a, b] };
  },
  Linear: (size) => {
    const [k, n] = [size(), size()];
    const [x, kernel, bias] = [real(["batch", k]), real([k, n]), real([n])];
    return { result: op.linear(x, kernel, bias), of: [x, kernel, bias] };
  },
  Softmax: unary(op.softmax),
  LogSoftmax: unary(op.logSoftmax),
  LogSumExp: unary(op.logSumExp),
  LayerNorm: (size) => {
    const width = size() + 2;
    const [x, scale, bias] = [real(["batch", width]), real([width]), real([width])];
    return { result: op.layerNorm(x, scale, bias, 1e-5), of: [x, scale, bias] };
  },
  Reshape: (size) => {
    const [n, m] = [size(), size()];
    const x = real(["batch", "sequence", n * m]);
    return { result: op.reshape(x, ["sequence", n, "batch", m]), of: [x] };
  },
  Expand: (size) => {
    const x = real([size(), 1]);
    return { result: op.mul(op.expand(x, ["batch", x.shape[0]!, 3]), real(["batch", 1, 3])), of: [x] };
  },
  Transpose: (size, round) => {
    const x = real(["batch", size(), size(), 2]);
    return {
      result: op.transpose(
        x,
        [
          [0, 2, 1, 3],
          [3, 0, 2, 1],
          [1, 2, 3, 0],
        ][round % 3]!,
      ),
      of: [x],
    };
  },
  Gather: (size) => {
    const rows = size();
    const [table, ids] = [real([rows, size()]), input("ids", "int64", ["batch", "sequence"])];
    return { result: op.gather(table, ids), of: [table], integers: { ids: () => size(rows) - 1 } };
  },
  ReduceSum: (size, round) => {
    const x = real(["batch", size(), "sequence"]);
    const axes = [[0], [1, 2], [-1], undefined][round % 4];
    return { result: op.reduceSum(x, axes, size(2) === 1), of: [x] };
  },
};

const errors: { readonly name: string; readonly value: number; readonly gradient: number }[] = [];

describe.each(Object.keys(CASES) as OperatorName[])("%s", (name) => {
  it.each(["runtime", "portable"] as const)(
    "is right, and so is its gradient, in the dialect %s",
    async (dialect) => {
      for (let round = 0; round < SHAPES_TRIED; round++) {
        const random = randomFrom((round + 1) * 7919 + name.length);
        const size: Size = (atMost = 5) => 1 + Math.floor(random() * atMost);
        const made = CASES[name](size, round);
        errors.push({ name, ...(await check(made, size, random, dialect)) });
        expect(errors.at(-1)!.value).toBeLessThan(TOLERANCE);
        expect(errors.at(-1)!.gradient).toBeLessThan(TOLERANCE);
      }
    },
  );
});

it("agrees for means, also over sizes known only when the graph runs", async () => {
  const random = randomFrom(5);
  for (const axes of [[0], [1], [0, 2], undefined]) {
    const x = real(["batch", 3, "sequence"]);
    const found = await check({ result: op.reduceMean(x, axes), of: [x] }, () => 2, random, "runtime");
    expect(found.value).toBeLessThan(TOLERANCE);
    expect(found.gradient).toBeLessThan(TOLERANCE);
  }
});

afterAll(() => {
  const worst = (key: "value" | "gradient") => {
    const { name, ...found } = errors.reduce((a, b) => (a[key] > b[key] ? a : b));
    return `${found[key].toExponential(1)} (${name})`;
  };
  console.log(
    `largest relative error of ${errors.length} checks: value ${worst("value")}, gradient ${worst("gradient")}`,
  );
});

async function check(made: Case, size: Size, random: () => number, dialect: "runtime" | "portable") {
  const number = () => (made.positive ? 0.5 + random() : random() * 4 - 2);
  const sizes: Record<string, number> = { batch: 1 + size(3), sequence: 1 + size(3) };
  const feeds = new Map<string, Tensor>();
  const feed = (value: Value, make: () => number): void => {
    if (value.source.kind !== "input" || feeds.has(value.source.name)) return;
    const shape = value.shape.map((each) => (typeof each === "string" ? sizes[each]! : each));
    const length = shape.reduce((a, b) => a * b, 1);
    feeds.set(value.source.name, { shape, data: Array.from({ length }, () => Math.fround(make())) });
  };
  const visit = (value: Value): void => {
    if (value.source.kind === "input") feed(value, made.integers?.[value.source.name] ?? number);
    if (value.source.kind === "node") value.source.node.inputs.forEach(visit);
  };
  visit(made.result);
  // Unequal weights, so that a gradient that is spread wrongly cannot cancel out.
  const weights = input("weights", "float32", made.result.shape);
  feed(weights, number);
  const scalar = op.reduceSum(op.mul(made.result, weights));
  const [plain] = evaluate([made.result], feeds);
  const found = gradients(scalar, made.of);
  const outputs = Object.fromEntries([
    ["result", made.result],
    ...found.map((each, i) => [`gradient${i}`, each]),
  ]);
  const results = await runOnnx(outputs, feeds, dialect);
  return {
    value: relativeError(results.result!.data, plain!.data),
    gradient: Math.max(
      ...made.of.map((value, i) => {
        expect(results[`gradient${i}`]!.shape).toEqual(feeds.get(nameOf(value))!.shape);
        return relativeError(results[`gradient${i}`]!.data, differences(scalar, value, feeds));
      }),
    ),
  };
}

/** Central differences, in double precision. */
function differences(scalar: Value, value: Value, feeds: Feeds): number[] {
  const name = nameOf(value);
  const { shape, data } = feeds.get(name)!;
  const step = 1e-5;
  const moved = (i: number, by: number): number => {
    const changed = data.map((a, j) => (i === j ? a + by : a));
    return evaluate([scalar], new Map(feeds).set(name, { shape, data: changed }))[0]!.data[0]!;
  };
  return data.map((_, i) => (moved(i, step) - moved(i, -step)) / (2 * step));
}

function nameOf(value: Value): string {
  return (value.source as { name: string }).name;
}

describe("gradients", () => {
  const x = parameter("x", [3]);

  it("add up where a value is used twice, and stop at values that were asked for", async () => {
    const middle = op.square(x);
    const scalar = op.reduceSum(op.mul(middle, op.add(middle, x)));
    const [ofX, ofMiddle] = gradients(scalar, [x, middle]);
    const results = await runOnnx(
      { ofX: ofX!, ofMiddle: ofMiddle! },
      new Map([["x", { shape: [3], data: [1, 2, -3] }]]),
      "runtime",
    );
    // x^4 + x^3, and of m: 2 m + x
    expect(results.ofX!.data).toEqual([1, 2, -3].map((a) => 4 * a ** 3 + 3 * a ** 2));
    expect(results.ofMiddle!.data).toEqual([1, 2, -3].map((a) => 2 * a ** 2 + a));
  });

  it("are refused of what is no scalar, and by what a scalar does not depend on", () => {
    expect(() => gradients(op.square(x), [x])).toThrow(/no scalar/);
    expect(() => gradients(op.reduceSum(x), [parameter("y", [2])])).toThrow(/does not depend/);
  });
});
