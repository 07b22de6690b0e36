/**
 * Shapes whose dimensions may be known only when the graph runs.
 *
 * A dimension is a number, or a product of named sizes such as `batch*sequence`: names in alphabetical order, a
 * number in front if there is one (`12*batch`). So two dimensions are equal where their strings are.
 */
import { SpanmillError } from "../../errors.js";

export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** The product of dimensions; 1 of none. */
export function product(shape: Shape): Dimension {
  let factor = 1;
  const names: string[] = [];
  for (const dimension of shape) {
    const parts = factors(dimension);
    factor *= parts.number;
    names.push(...parts.names);
  }
  if (names.length === 0 || factor === 0) return factor;
  return [...(factor === 1 ? [] : [factor]), ...names.sort()].join("*");
}

/** `12*batch*sequence` into 12 and its names. */
export function factors(dimension: Dimension): {
  readonly number: number;
  readonly names: readonly string[];
} {
  if (typeof dimension === "number") return { number: dimension, names: [] };
  const parts = dimension.split("*");
  const first = Number(parts[0]);
  return Number.isNaN(first) ? { number: 1, names: parts } : { number: first, names: parts.slice(1) };
}

/** The shape of an elementwise result, by NumPy's rule: aligned at the end, equal or one of them 1. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw wrongShape(`${show(a)} and ${show(b)} cannot be broadcast`);
  });
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, i) => dimension === b[i]);
}

/** Negative axes count from the end. */
export function axisOf(axis: number, shape: Shape): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (positive < 0 || positive >= shape.length) throw wrongShape(`${show(shape)} has no axis ${axis}`);
  return positive;
}

export function show(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** A graph that is put together wrongly is a defect of ours, never of an input. */
export function wrongShape(what: string): SpanmillError {
  return new SpanmillError("INTERNAL", `a computation is put together wrongly: ${what}`);
}

/** A shape in numbers. @param sizes of the named dimensions. */
export function sizedShape(shape: Shape, sizes: Readonly<Record<string, number>>): number[] {
  return shape.map((dimension) => {
    const { number, names } = factors(dimension);
    return names.reduce((size, name) => {
      const known = sizes[name];
      if (known === undefined) throw wrongShape(`${show(shape)} has the size ${name}, which is not given`);
      return size * known;
    }, number);
  });
}
