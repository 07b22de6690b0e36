import { describe, expect, it } from "vitest";
import { startOf } from "../../../src/adapters/kafka/position.js";

const log = { low: 10n, high: 20n };

describe("where reading begins", () => {
  it.each([10n, 15n, 20n])("is the position %s, where the log holds it", (position) => {
    expect(startOf(position, log, "fail")).toEqual({ at: position, gap: undefined });
  });

  it("is the first message where the group has no position, whatever the policy", () => {
    for (const policy of ["fail", "earliest", "latest"] as const)
      expect(startOf(-1n, log, policy)).toEqual({ at: 10n, gap: undefined });
  });

  it.each([
    [9n, "earliest", 10n],
    [9n, "latest", 20n],
    [21n, "earliest", 10n],
    [21n, "latest", 20n],
    [9n, "fail", 10n],
  ] as const)("names the gap of position %s by policy %s", (position, policy, found) => {
    expect(startOf(position, log, policy)).toEqual({ at: found, gap: { expected: position, found } });
  });

  it("knows the offset that kafkajs commits when it jumps, and that nobody knows from where", () => {
    expect(startOf(-2n, log, "earliest")).toEqual({ at: 10n, gap: { expected: undefined, found: 10n } });
  });
});
