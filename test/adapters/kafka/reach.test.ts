import { describe, expect, it } from "vitest";
import { createReach } from "../../../src/adapters/kafka/reach.js";

/** Hands over at a steady pace, commits each second and where it must. @returns commits, and the longest reach ahead. */
function consume(perSecond: number, seconds: number) {
  const reach = createReach();
  let commits = 0;
  let early = 0;
  let ahead = 0n;
  let next = 0n;
  const commit = () => {
    const bound = reach.due(next, true)!;
    reach.recorded(bound);
    if (bound - next > ahead) ahead = bound - next;
    commits++;
  };
  for (let second = 0; second < seconds; second++) {
    for (let n = 0; n < perSecond; n++, next++) {
      reach.want(next);
      if (!reach.allows(next)) {
        commit();
        early++;
      }
      expect(reach.allows(next)).toBe(true);
      reach.took();
    }
    commit();
  }
  return { commits, early, ahead };
}

describe("how far a partition may be handed over", () => {
  it("allows nothing before a bound is on record", () => {
    const reach = createReach();
    expect(reach.allows(0n)).toBe(false);
    expect(reach.due(5n, true)).toBeUndefined();
    reach.want(5n);
    expect(reach.due(5n, false)).toBe(22n);
    expect(reach.allows(5n)).toBe(false);
    reach.recorded(22n);
    expect([reach.allows(21n), reach.allows(22n)]).toEqual([true, false]);
  });

  it("needs commits beside the regular ones only while the pace grows", () => {
    expect(consume(5, 20)).toMatchObject({ early: 1, ahead: 17n });
    const fast = consume(900, 20);
    expect(fast.early).toBeLessThan(10);
    expect(fast.ahead).toBeLessThanOrEqual(2_001n);
  });

  it("leaves the record as it is where nothing came", () => {
    const reach = createReach();
    reach.want(0n);
    reach.recorded(reach.due(0n, false)!);
    expect(reach.due(1n, false)).toBe(17n);
    reach.recorded(17n);
    expect(reach.due(1n, false)).toBe(17n);
  });

  it("reaches over a gap in the log", () => {
    const reach = createReach();
    reach.want(0n);
    reach.recorded(reach.due(0n, false)!);
    reach.want(1_000_000n);
    reach.recorded(reach.due(1n, false)!);
    expect(reach.allows(1_000_000n)).toBe(true);
  });
});
