import { describe, expect, it } from "vitest";
import { createAssignment } from "../../../src/adapters/kafka/assignment.js";
import { createTracker } from "../../../src/adapters/kafka/tracker.js";

/** Joins as `m` with these partitions of topic t, and opens all that are gained. */
function joined(assignment = createAssignment(), member = "m", partitions: readonly number[] = [0, 1]) {
  const change = assignment.join(member, { t: partitions });
  for (const one of change.gained) one.tracker = createTracker(0n);
  const numbers = (list: readonly { partition: number }[]) => list.map(({ partition }) => partition);
  return {
    assignment,
    gained: numbers(change.gained),
    kept: numbers(change.kept),
    lost: numbers(change.lost),
  };
}

describe("the partitions that are ours", () => {
  it("keep their trackers where we owned them before, as the same member", () => {
    const { assignment } = joined();
    const before = assignment.get("t", 1);
    expect(joined(assignment, "m", [1, 2])).toMatchObject({ gained: [2], kept: [1], lost: [0] });
    expect(assignment.get("t", 1)).toBe(before);
    expect(assignment.get("t", 0)).toBeUndefined();
  });

  it("begin anew where we were put out of the group, for others may have moved on", () => {
    const { assignment } = joined();
    const before = assignment.get("t", 0)!;
    expect(joined(assignment, "n")).toMatchObject({ gained: [0, 1], kept: [], lost: [0, 1] });
    expect(assignment.owns(before)).toBe(false);
  });

  it("begin anew where another member had them in between", () => {
    const { assignment } = joined();
    const before = assignment.get("t", 0)!;
    joined(assignment, "m", [1]);
    expect(joined(assignment)).toMatchObject({ gained: [0], kept: [1] });
    expect(assignment.owns(before)).toBe(false);
  });

  it("begin anew where a generation was missed, in which another member may have had them", () => {
    const { assignment } = joined();
    const before = assignment.get("t", 0)!;
    const { gained, kept, lost } = assignment.join("m", { t: [0, 1] }, true);
    expect([gained.length, kept.length, lost.length]).toEqual([2, 0, 2]);
    expect(assignment.owns(before)).toBe(false);
  });

  it("begin anew after the consumer crashed, and are nobody's until then", () => {
    const { assignment } = joined();
    assignment.leave();
    expect(assignment.all()).toEqual([]);
    expect(joined(assignment)).toMatchObject({ gained: [0, 1], kept: [] });
  });

  it("are opened again where the join before came before their position was known", () => {
    const assignment = createAssignment();
    assignment.join("m", { t: [0] });
    expect(assignment.join("m", { t: [0] }).gained.length).toBe(1);
  });
});
