import { expect, test } from "vitest";
import { dropoutMasks } from "../../src/training/masks.js";

const MASKS = [
  { name: "dropout.a", shape: ["batch*sequence", 16] },
  { name: "dropout.b", shape: ["batch", 2, "sequence", "sequence"] },
];

test("masks follow from seed and step alone, whatever steps came before", () => {
  const sizes = { batch: 4, sequence: 10 };
  const fresh = dropoutMasks(MASKS, 0.1, 5)(7, sizes);
  const used = dropoutMasks(MASKS, 0.1, 5);
  used(0, { batch: 2, sequence: 3 });
  used(1, { batch: 30, sequence: 40 });
  expect(used(7, sizes)).toEqual(fresh);
  expect(used(8, sizes)).not.toEqual(fresh);
  expect(dropoutMasks(MASKS, 0.1, 6)(7, sizes)).not.toEqual(fresh);
});

test("a mask has its shape, the share of zeros asked for, and keeps the mean", () => {
  const { "dropout.a": a, "dropout.b": b } = dropoutMasks(MASKS, 0.1, 5)(3, { batch: 20, sequence: 50 });
  expect(a!.shape).toEqual([1000, 16]);
  expect(b!.shape).toEqual([20, 2, 50, 50]);
  for (const { data, shape } of [a!, b!]) {
    expect(data.length).toBe(shape.reduce((x, y) => x * y, 1));
    const zeros = [...(data as Float32Array)].filter((value) => value === 0).length;
    expect(Math.abs(zeros / data.length - 0.1)).toBeLessThan(5 * Math.sqrt(0.09 / data.length));
    expect(new Set(data as Float32Array)).toEqual(new Set([0, Math.fround(1 / 0.9)]));
  }
});
