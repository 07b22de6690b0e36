import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatRecord, lifeOf, parseRecord } from "../../../src/adapters/kafka/record.js";

const offset = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const suspects = fc.array(fc.tuple(offset, fc.integer({ min: 0, max: 999 })), { maxLength: 300 });
const running = fc.array(fc.record({ life: fc.string().map(lifeOf), bound: offset }), { maxLength: 2 });

describe("the record of a partition", () => {
  it("is read as it was written, and is short", () => {
    fc.assert(
      fc.property(suspects, running, (list, running) => {
        const written = new Map(list);
        const text = formatRecord({ suspects: written, running });
        expect(text.length).toBeLessThan(1024);
        const read = parseRecord(text);
        expect(read.running).toEqual(running);
        expect(read.suspects.size).toBe(Math.min(written.size, 38));
        for (const [offset, deaths] of read.suspects) expect(written.get(offset)).toBe(deaths);
        const least = Math.min(...read.suspects.values());
        for (const [offset, deaths] of written)
          if (!read.suspects.has(offset)) expect(deaths).toBeLessThanOrEqual(least);
      }),
    );
  });

  it("has one form", () => {
    const life = lifeOf("worker-1");
    expect(formatRecord({ suspects: new Map([[7n, 1]]), running: [] })).toBe("spanmill:1:7:1");
    const two = new Map([
      [9n, 0],
      [7n, 2],
    ]);
    expect(formatRecord({ suspects: two, running: [{ life, bound: 12n }] })).toBe(
      `spanmill:1:7:2,9:0,run:${life}:12`,
    );
    expect(formatRecord({ suspects: new Map(), running: [] })).toBe("");
  });

  it("is read in the form that knew suspects alone", () => {
    const { suspects, running } = parseRecord("spanmill:1:7:2,9:1");
    expect([...suspects]).toEqual([
      [7n, 2],
      [9n, 1],
    ]);
    expect(running).toEqual([]);
  });

  it("says what is understood of it where the rest is of a later version", () => {
    const { suspects, running } = parseRecord("spanmill:1:7:2,new:thing,run:5,9:1");
    expect([...suspects.keys()]).toEqual([7n, 9n]);
    expect(running).toEqual([]);
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
    "spanmill:1:run:abc:7",
  ])("says nothing where the metadata is %j", (metadata) => {
    const { suspects, running } = parseRecord(metadata);
    expect([suspects.size, running.length]).toEqual([0, 0]);
  });

  it("never fails on what others wrote", () => {
    fc.assert(fc.property(fc.string(), (text) => parseRecord(text).suspects instanceof Map));
    fc.assert(fc.property(fc.string(), (text) => parseRecord(`spanmill:1:${text}`).suspects instanceof Map));
  });
});
