import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromInt8, type Int8Form, type ScalePer, toInt8 } from "../../../src/training/export/int8.js";

const COLUMNS = 3;
const numbers = fc
  .array(fc.tuple(...Array.from({ length: COLUMNS }, () => fc.float({ min: -1e3, max: 1e3, noNaN: true }))), {
    minLength: 1,
    maxLength: 6,
  })
  // Below this the scale itself has fewer bits than it needs.
  .map((rows) => Float32Array.from(rows.flat(), (number) => (Math.abs(number) < 1e-30 ? 0 : number)));
const per = fc.constantFrom<ScalePer>("row", "column", "tensor");
const bits = fc.constantFrom<7 | 8>(7, 8);

describe("int8 weights", () => {
  it("come back within half a scale, and then give the same bytes again", () => {
    fc.assert(
      fc.property(numbers, per, bits, (numbers, per, bits) => {
        const stored = toInt8(numbers, COLUMNS, { per, bits }, "w");
        const back = fromInt8(stored, COLUMNS, per);
        const steps = fromInt8({ ...stored, data: stored.data.map(() => 1) }, COLUMNS, per);
        for (const [i, number] of numbers.entries()) {
          expect(Math.abs(back[i]! - number)).toBeLessThanOrEqual(steps[i]! / 2);
        }
        expect(toInt8(back, COLUMNS, { per, bits }, "w")).toEqual(stored);
      }),
    );
  });

  it("with outliers cut off err less in the sum, and then give the same bytes again", () => {
    const cost = (numbers: Float32Array, form: Int8Form) => {
      const back = fromInt8(toInt8(numbers, COLUMNS, form, "w"), COLUMNS, form.per);
      return numbers.reduce((sum, number, i) => sum + Math.abs(number - back[i]!) ** 2.4, 0);
    };
    fc.assert(
      fc.property(numbers, per, bits, (numbers, per, bits) => {
        const stored = toInt8(numbers, COLUMNS, { per, bits, clip: true }, "w");
        const back = fromInt8(stored, COLUMNS, per);
        expect(toInt8(back, COLUMNS, { per, bits, clip: true }, "w")).toEqual(stored);
        const plain = cost(numbers, { per, bits });
        expect(cost(numbers, { per, bits, clip: true })).toBeLessThanOrEqual(plain * (1 + 1e-9));
      }),
    );
  });

  it("cut off an outlier among many small numbers", () => {
    const many = Float32Array.from({ length: 4_000 }, (_, i) => (i === 7 ? 1 : Math.sin(i) / 4));
    const { scales } = toInt8(many, 1, { per: "tensor", bits: 7, clip: true }, "w");
    expect(scales[0]! * 63).toBeLessThan(0.99);
  });

  it("use the whole range of their bits, on the side that needs it", () => {
    const extremes = (numbers: number[], bits: 7 | 8) =>
      [...toInt8(Float32Array.from(numbers), 1, { per: "tensor", bits }, "w").data].join();
    expect(extremes([1, -0.5], 7)).toBe("63,-31");
    expect(extremes([0.5, -1], 7)).toBe("32,-64");
    expect(extremes([1, -0.5], 8)).toBe("127,-63");
    expect(extremes([0, 0], 7)).toBe("0,0");
  });

  it("of 7 bits cannot saturate where a processor adds two products with unsigned bytes in 16 bits", () => {
    fc.assert(
      fc.property(numbers, per, (numbers, per) => {
        const largest = (bits: 7 | 8) =>
          toInt8(numbers, COLUMNS, { per, bits }, "w").data.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        expect(2 * 255 * largest(7)).toBeLessThanOrEqual(2 ** 15 - 1);
        if (largest(7) > 0) expect(2 * 255 * largest(8)).toBeGreaterThan(2 ** 15 - 1);
      }),
    );
  });

  it("refuse numbers that are none", () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const broken = () => toInt8(Float32Array.of(1, bad), 1, { per: "tensor", bits: 7 }, "layer.kernel");
      expect(broken).toThrow(expect.objectContaining({ code: "MODEL_BROKEN" }));
      expect(broken).toThrow(/layer\.kernel/);
    }
  });
});
