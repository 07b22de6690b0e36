/**
 * The optimiser's step as a computation: AdamW (Loshchilov and Hutter 2019), each weight by itself, so that what a
 * weight needs is still in the processor's cache from one operator to the next.
 */
import { add, div, mul, sqrt, square, sub } from "./graph/operators.js";
import { input, type Value } from "./graph/value.js";

export interface AdamwOptions {
  readonly beta1: number;
  readonly beta2: number;
}

export interface UpdatedWeight {
  readonly name: string;
  /** In numbers. */
  readonly shape: readonly number[];
  /** Weights of one group share a learning rate and a decay: its numbers go in as `rate.<group>`, `keep.<group>`. */
  readonly group: string;
}

/**
 * For each weight, inputs `<name>`, `gradient.<name>`, `first.<name>` and `second.<name>` (the moments), and outputs
 * `new.<name>`, `new.first.<name>` and `new.second.<name>`. Each output depends on its own place of the inputs alone
 * and is written last, so it may be written over the input that it replaces.
 *
 * Numbers that change with the step are scalar inputs, see `adamwScalars`.
 */
export function adamw(
  weights: readonly UpdatedWeight[],
  { beta1, beta2 }: AdamwOptions,
): Readonly<Record<string, Value>> {
  const scalars = new Map<string, Value>();
  const scalar = (name: string): Value => {
    const known = scalars.get(name) ?? input(name, "float32", []);
    scalars.set(name, known);
    return known;
  };
  const outputs: Record<string, Value> = {};
  for (const { name, shape, group } of weights) {
    const [weight, gradient, first, second] = ["", "gradient.", "first.", "second."].map((kind) =>
      input(`${kind}${name}`, "float32", shape),
    ) as [Value, Value, Value, Value];
    const newFirst = add(mul(first, beta1), mul(gradient, scalar("first")));
    const newSecond = add(mul(second, beta2), mul(square(gradient), scalar("second")));
    const change = div(mul(newFirst, scalar(`rate.${group}`)), add(sqrt(newSecond), scalar("epsilon")));
    outputs[`new.${name}`] = sub(mul(weight, scalar(`keep.${group}`)), change);
    outputs[`new.first.${name}`] = newFirst;
    outputs[`new.second.${name}`] = newSecond;
  }
  return outputs;
}

export interface AdamwState extends AdamwOptions {
  /** Counted from 1. */
  readonly step: number;
  readonly epsilon: number;
  /** What gradients are multiplied by: below 1 where their norm is clipped. */
  readonly scale: number;
  readonly groups: Readonly<Record<string, { readonly rate: number; readonly decay: number }>>;
}

/** The scalar inputs of one step. Both bias corrections are in them, so that no pass over the weights is needed. */
export function adamwScalars(state: AdamwState): Readonly<Record<string, number>> {
  const { beta1, beta2, step, epsilon, scale, groups } = state;
  const correction = Math.sqrt(1 - beta2 ** step);
  const scalars: Record<string, number> = {
    first: (1 - beta1) * scale,
    second: (1 - beta2) * scale * scale,
    epsilon: epsilon * correction,
  };
  for (const [group, { rate, decay }] of Object.entries(groups)) {
    scalars[`rate.${group}`] = (rate * correction) / (1 - beta1 ** step);
    scalars[`keep.${group}`] = 1 - rate * decay;
  }
  return scalars;
}
