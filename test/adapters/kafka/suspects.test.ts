import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSuspects, parseSuspects } from "../../../src/adapters/kafka/suspects.js";

const suspects = fc.array(
  fc.tuple(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.integer({ min: 1, max: 999 })),
  { maxLength: 300 },
);

describe("the record of suspects", () => {
  it("is read as it was written, and is short", () => {
    fc.assert(
      fc.property(suspects, (list) => {
        const written = new Map(list);
        const text = formatSuspects(written);
        expect(text.length).toBeLessThan(1024);
        const read = parseSuspects(text);
        expect(read.size).toBe(Math.min(written.size, 40));
        for (const [offset, deaths] of read) expect(written.get(offset)).toBe(deaths);
        const least = Math.min(...read.values());
        for (const [offset, deaths] of written)
          if (!read.has(offset)) expect(deaths).toBeLessThanOrEqual(least);
      }),
    );
  });

  it("has one form", () => {
    expect(formatSuspects(new Map([[7n, 1]]))).toBe("spanmill:1:7:1");
    expect(
      formatSuspects(
        new Map([
          [9n, 1],
          [7n, 2],
        ]),
      ),
    ).toBe("spanmill:1:7:2,9:1");
    expect(formatSuspects(new Map())).toBe("");
  });

  it.each([
    null,
    undefined,
    "",
    "other",
    "spanmill:2:7:1",
    "spanmill:1:",
    "spanmill:1:x:1",
    "spanmill:1:7",
    "spanmill:1:7:",
  ])("says nothing where the metadata is %j", (metadata) => {
    expect(parseSuspects(metadata).size).toBe(0);
  });

  it("never fails on what others wrote", () => {
    fc.assert(fc.property(fc.string(), (text) => parseSuspects(text) instanceof Map));
    fc.assert(fc.property(fc.string(), (text) => parseSuspects(`spanmill:1:${text}`) instanceof Map));
  });
});
