/** What the log of a worker tells of its membership, and what may come twice by it, on lines made up by hand. */
import { describe, expect, it } from "vitest";
import { check } from "../support/fault/check.js";
import type { Copy, History, Input } from "../support/fault/history.js";
import { referenceOf } from "../support/fault/reference.js";
import { eventsOf, type FaultEvent } from "../support/fault/timeline.js";

const SESSION_MS = 6_000;
const lines = (...all: readonly (readonly [at: number, event: string, more?: object])[]) =>
  all
    .map(([at, event, more]) => `${JSON.stringify({ time: new Date(at).toISOString(), event, ...more })}\n`)
    .join("");
const told = (log: string) => eventsOf(log, "worker-1", () => 2, 90_000, SESSION_MS);
const first = [1_000, "group-assigned", { gained: ["in/0", "in/1"], lost: [] }] as const;

describe("an assignment", () => {
  it("in which the same partition is lost and gained says that the member was put out", () => {
    const log = lines(first, [20_000, "group-assigned", { gained: ["in/1"], lost: ["in/0", "in/1"] }]);
    expect(told(log)).toEqual([
      { cause: "put-out", what: "worker-1 was put out", from: 14_000, to: 20_000, workers: 2 },
    ]);
  });

  it("is no event where all that is gained is new", () => {
    expect(told(lines(first, [20_000, "group-assigned", { gained: ["in/2"], lost: ["in/1"] }]))).toEqual([]);
  });

  it("belongs to the rebalance, or to the crash, that it ends", () => {
    const again = { gained: ["in/0"], lost: ["in/0"] };
    const log = lines(
      first,
      [20_000, "group-rebalancing"],
      [21_000, "group-assigned", again],
      [30_000, "consumer-crashed"],
      [33_000, "group-assigned", again],
    );
    expect(told(log)).toMatchObject([
      { cause: "rebalance", from: 20_000, to: 21_000 },
      { cause: "coordinator-loss", from: 30_000, to: 33_000 },
    ]);
  });
});

describe("a document that comes twice", () => {
  const putOut = told(lines(first, [20_000, "group-assigned", { gained: ["in/0"], lost: ["in/0"] }]));

  it("is explained by a member that was put out between the two, for as long as a lane waits", async () => {
    expect(await causesOf(putOut, 16_000, 21_000)).toEqual({ "put-out": 1 });
    expect(await causesOf(putOut, 29_000, 31_000)).toEqual({ "put-out": 1 });
  });

  it("is not where both came before it was, or after", async () => {
    expect(await causesOf(putOut, 2_000, 3_000)).toEqual({ untraced: 1 });
    expect(await causesOf(putOut, 40_000, 50_000)).toEqual({ untraced: 1 });
    expect(await causesOf([], 16_000, 21_000)).toEqual({ untraced: 1 });
  });
});

async function causesOf(events: readonly FaultEvent[], ...times: number[]) {
  const record = { partition: 0, offset: 0n, timestamp: 0n, key: null, value: null, headers: [] };
  const input: Input = { ...record, revision: "", expected: { kind: "dead-letter", code: "" } };
  const copies = times.map((at, i): Copy => {
    return { ...record, offset: BigInt(i), channel: "dead-letters", at, input: "0/0" };
  });
  const history: History = {
    ...{ inputs: new Map([["0/0", input]]), copies, samples: [], unsafe: [], events, settledMs: 0 },
    usage: { rssMb: 0, descriptors: 0, bytesInFlight: 0, bytesInLanes: 0, timers: 0 },
    ends: [],
  };
  const limits = { inFlight: 100, settleMs: 1, rssMb: 1, descriptors: 1, timers: 1 };
  return check(history, await referenceOf([], []), limits).duplicates;
}
