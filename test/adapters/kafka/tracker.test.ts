import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTracker } from "../../../src/adapters/kafka/tracker.js";

/** Steps on a partition: hand over with a gap before it, finish one of those handed over, pass over some. */
const step = fc.oneof(
  fc.record({ do: fc.constant("add" as const), gap: fc.nat(3), bytes: fc.nat(50) }),
  fc.record({ do: fc.constant("done" as const), pick: fc.nat() }),
  fc.record({ do: fc.constant("move" as const), by: fc.nat(3) }),
);

describe("the tracker of a partition", () => {
  it("agrees with a model that keeps everything, whatever the order of completion", () => {
    const start = fc.bigInt({ min: 0n, max: 2n ** 62n });
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 200 }), (first, steps) => {
        const tracker = createTracker(first);
        const all: { offset: bigint; bytes: number; done: boolean }[] = [];
        let next = first;
        for (const one of steps) {
          if (one.do === "add") {
            next += BigInt(one.gap);
            all.push({ offset: next, bytes: one.bytes, done: false });
            tracker.add(next, one.bytes);
            next += 1n;
          } else if (one.do === "move") {
            next += BigInt(one.by);
            tracker.moveTo(next);
            tracker.moveTo(next - 2n);
          } else if (all.length > 0) {
            const picked = all[one.pick % all.length]!;
            picked.done = true;
            const before = tracker.watermark;
            expect(tracker.done(picked.offset)).toBe(tracker.watermark !== before);
          }
          const head = all.findIndex(({ done }) => !done);
          const held = head < 0 ? [] : all.slice(head);
          expect(tracker.next).toBe(next);
          expect(tracker.watermark).toBe(held[0]?.offset ?? next);
          expect(tracker.distance).toBe(held.length);
          expect(tracker.bytes).toBe(held.reduce((sum, { bytes }) => sum + bytes, 0));
          expect(tracker.open).toBe(all.filter(({ done }) => !done).length);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("hands over each offset once when the partition is read again from the watermark, as after a rejoin", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.bigInt({ min: 0n, max: 60n }), { minLength: 1 }),
        fc.infiniteStream(fc.nat()),
        fc.array(fc.nat({ max: 20 }), { minLength: 1, maxLength: 10 }),
        (offsets, random, pieces) => {
          const log = offsets.toSorted((a, b) => (a < b ? -1 : 1));
          const tracker = createTracker(0n);
          const handed: bigint[] = [];
          const open: bigint[] = [];
          for (const size of [...pieces, log.length]) {
            const fetched = log.filter((offset) => offset >= tracker.watermark).slice(0, size);
            for (const offset of fetched.filter((offset) => !tracker.alreadySeen(offset))) {
              tracker.add(offset, 1);
              handed.push(offset);
              open.push(offset);
            }
            const finish = random.next().value % (open.length + 1);
            for (let n = 0; n < finish; n++) {
              tracker.done(open.splice(random.next().value % open.length, 1)[0]!);
            }
            expect(open.every((offset) => offset >= tracker.watermark)).toBe(true);
          }
          expect(handed).toEqual(log);
        },
      ),
    );
  });

  it("lets nothing of a tracker that was replaced move the new one", () => {
    const old = createTracker(10n);
    old.add(10n, 5);
    const now = createTracker(3n);
    now.add(3n, 5);
    old.done(10n);
    expect(now.watermark).toBe(3n);
    expect(now.done(10n)).toBe(false);
    expect(now.open).toBe(1);
  });

  it("keeps offsets apart that a number does not", () => {
    const tracker = createTracker(9007199254740992n);
    tracker.add(9007199254740992n, 1);
    tracker.add(9007199254740993n, 1);
    tracker.done(9007199254740993n);
    expect(tracker.watermark).toBe(9007199254740992n);
  });

  it("forgets what is below the watermark, in time that does not grow with it", () => {
    const tracker = createTracker(0n);
    for (let offset = 0n; offset < 200_000n; offset++) {
      tracker.add(offset, 1);
      if (offset >= 100n) tracker.done(offset - 100n);
    }
    expect(tracker.distance).toBe(100);
    expect(tracker.watermark).toBe(199_900n);
  });
});
