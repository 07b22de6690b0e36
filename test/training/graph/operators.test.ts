import { describe, expect, it } from "vitest";
import * as op from "../../../src/training/graph/operators.js";
import { broadcast, product } from "../../../src/training/graph/shape.js";
import { inOrder, input, type Value } from "../../../src/training/graph/value.js";

const real = (...shape: (number | string)[]): Value => input("x", "float32", shape);

describe("shapes", () => {
  it("multiply named sizes in one spelling", () => {
    expect(product(["sequence", 3, "batch", 4])).toBe("12*batch*sequence");
    expect(product(["batch*sequence", 384])).toBe(product([384, "sequence", "batch"]));
    expect(product([])).toBe(1);
  });

  it("broadcast from the end", () => {
    expect(broadcast(["batch", 1, 3], [4, 1])).toEqual(["batch", 4, 3]);
    expect(() => broadcast(["batch", 3], ["sequence", 3])).toThrow(/cannot be broadcast/);
  });
});

describe("an operator refuses what does not fit it:", () => {
  const wrong: Record<string, () => Value> = {
    "sizes that differ": () => op.add(real(2), real(3)),
    "inner sizes that differ": () => op.matMul(real(2, 3), real(2, 3)),
    "batches that differ": () => op.matMul(real("batch", 2, 3), real("sequence", 3, 2)),
    "a vector where a matrix is due": () => op.matMul(real(3), real(3, 3)),
    "a bias of another width": () => op.linear(real("batch", 3), real(3, 4), real(3)),
    "a scale of another width": () => op.layerNorm(real("batch", 3), real(4), real(3), 1e-5),
    "another number of elements": () => op.reshape(real("batch", 6), ["batch", 5]),
    "what is no longer 1": () => op.expand(real("batch", 2), ["batch", 4]),
    "an axis twice": () => op.transpose(real(2, 3), [0, 0]),
    "an axis that is not there": () => op.reduceSum(real(2, 3), [2]),
    "ids that are floats": () => op.gather(real(5, 2), real("batch")),
  };
  it.each(Object.keys(wrong))("%s", (name) => {
    expect(wrong[name]).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});

describe("the order of a graph", () => {
  it("puts every node once, after what it needs", () => {
    let value = real(2);
    // 2^200 ways from the end to the start, and deeper than a recursion would like.
    for (let i = 0; i < 20_000; i++) value = i < 200 ? op.add(value, value) : op.neg(value);
    const order = inOrder([value]);
    expect(order.length).toBe(20_000);
    const position = new Map(order.map((node, i) => [node, i]));
    for (const [i, node] of order.entries()) {
      for (const { source } of node.inputs) {
        if (source.kind === "node") expect(position.get(source.node)!).toBeLessThan(i);
      }
    }
  });
});
