import { expect, test } from "vitest";
import { random } from "../../src/training/random.js";

test("chance is the same for the same names, and another for any other", () => {
  const first = Array.from({ length: 5 }, random(1, "epoch", 2).bits);
  expect(Array.from({ length: 5 }, random(1, "epoch", 2).bits)).toEqual(first);
  for (const other of [
    random(2, "epoch", 2),
    random(1, "epoch", 3),
    random(1, "case", 2),
    random(1, "epoch"),
  ]) {
    expect(Array.from({ length: 5 }, other.bits)).not.toEqual(first);
  }
});

test("units are spread evenly, normals have mean 0 and deviation 1", () => {
  const draw = random(3);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 100_000; i++) tenths[Math.floor(draw.unit() * 10)]!++;
  // Five deviations of a binomial count of 100,000 at 1/10.
  for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(5 * 95);
  const normals = Array.from({ length: 100_000 }, () => draw.normal());
  const mean = normals.reduce((a, b) => a + b, 0) / normals.length;
  const deviation = Math.sqrt(normals.reduce((a, b) => a + b * b, 0) / normals.length);
  expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(100_000));
  expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
});

test("a shuffle keeps every item, and every order is as likely as another", () => {
  const draw = random(4);
  const counts = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = draw.shuffle([1, 2, 3]).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.keys()].sort()).toEqual(["123", "132", "213", "231", "312", "321"]);
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * 29);
});
