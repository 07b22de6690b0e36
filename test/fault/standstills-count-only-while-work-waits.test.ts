/** The measure of time without progress itself, on histories made up by hand. */
import { expect, it } from "vitest";
import type { Copy, Input } from "../support/fault/history.js";
import { standstills } from "../support/fault/standstill.js";
import type { FaultEvent } from "../support/fault/timeline.js";

/** Documents as [fed at, done at, ...done again at]. */
function history(documents: readonly (readonly number[])[], events: readonly FaultEvent[]) {
  const record = { partition: 0, key: null, value: null, headers: [] };
  const expected = { kind: "dead-letter", code: "" } as const;
  const inputs = new Map<string, Input>();
  const copies: Copy[] = [];
  documents.forEach(([fed = 0, ...done], i) => {
    const offset = BigInt(i);
    inputs.set(`0/${i}`, { ...record, offset, timestamp: BigInt(fed), revision: "", expected });
    for (const at of done) {
      const channel = "documents" as const;
      copies.push({ ...record, offset, timestamp: BigInt(at), channel, at, input: `0/${i}` });
    }
  });
  return { inputs, copies, events };
}

const event = (from: number, to: number, kind?: string): FaultEvent => ({
  ...{ cause: "rebalance", what: "", from, to, workers: 1 },
  ...(kind !== undefined && { kind }),
});

it("the longest gap that touches an event counts, and no other", () => {
  const done = [0, 10, 20, 320, 330, 930].map((at) => [0, at]);
  expect(standstills(history(done, [event(15, 25)]))).toEqual([
    { kind: "rebalance", lastedMs: 10, longestGapMs: 300 },
  ]);
});

it("a gap begins when there is something to do", () => {
  const done = [
    [0, 10],
    [500, 520],
  ];
  expect(standstills(history(done, [event(5, 510)]))).toMatchObject([{ longestGapMs: 20 }]);
});

it("what comes again is no progress", () => {
  const done = [
    [0, 10, 200],
    [0, 400],
  ];
  expect(standstills(history(done, [event(20, 30)]))).toMatchObject([{ longestGapMs: 390 }]);
});

it("a rebalance that a fault led to is that fault's", () => {
  const done = [0, 10, 400].map((at) => [0, at]);
  const events = [event(12, 15, "kill -9"), event(200, 210)];
  expect(standstills(history(done, events))).toEqual([{ kind: "kill -9", lastedMs: 3, longestGapMs: 390 }]);
});
