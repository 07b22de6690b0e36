import { describe, expect, it } from "vitest";
import { createAssignment } from "../../../src/adapters/kafka/assignment.js";
import type { Desk } from "../../../src/adapters/kafka/desk.js";
import { listen } from "../../../src/adapters/kafka/listening.js";
import { createTracker } from "../../../src/adapters/kafka/tracker.js";
import type { Watchdog } from "../../../src/adapters/kafka/watchdog.js";

/** A consumer whose events the test emits. */
function listening() {
  const listeners = new Map<string, (event: { payload: object }) => void>();
  const assignment = createAssignment();
  const nothing = () => {};
  const desk = {
    assignment,
    consumer: {
      events: new Proxy({}, { get: (_, name) => name }),
      on: (name: string, listener: (event: { payload: object }) => void) => listeners.set(name, listener),
      seek: nothing,
      pause: nothing,
    },
    commits: { hold: nothing, go: nothing, flush: async () => true },
    waiting: { wake: nothing },
    lives: new Set(),
    report: nothing,
    phase: "stopping",
    clock: { now: () => NOW },
    settings: { sessionTimeout: 6_000 },
    memberUntil: Number.NEGATIVE_INFINITY,
  } as unknown as Desk;
  listen(desk, { beat: () => 0, sign: nothing, absent: nothing } as unknown as Watchdog);
  const emit = (name: string, payload: object) => listeners.get(name)!({ payload });
  const join = (name: string) => emit(name, { apiName: "JoinGroup" });
  const joined = () => {
    emit("GROUP_JOIN", { memberId: "m", memberAssignment: { t: [0] } });
    const partition = assignment.get("t", 0)!;
    partition.tracker ??= createTracker(0n);
    return partition;
  };
  return { emit, join, joined, desk };
}

const NOW = 100_000;

describe("a partition that is ours before and after a rebalance", () => {
  it("is kept after one answer to one request to join", () => {
    const { emit, join, joined } = listening();
    join("REQUEST");
    join("REQUEST");
    const first = joined();
    join("REQUEST");
    emit("REQUEST", { apiName: "SyncGroup" });
    expect(joined()).toBe(first);
  });

  it.each(["REQUEST", "REQUEST_TIMEOUT"])(
    "begins anew where it took two, the first one ended by %s: another member may have had it between",
    (end) => {
      const { emit, join, joined } = listening();
      join("REQUEST");
      const first = joined();
      join(end);
      emit("REQUEST", { apiName: "SyncGroup" });
      join("REQUEST");
      expect(joined()).not.toBe(first);
      join("REQUEST");
      expect(joined()).not.toBe(first);
    },
  );
});

describe("a membership", () => {
  const answer = (apiName: string, duration: number) => ({ apiName, duration });

  it.each([
    ["Heartbeat", "HEARTBEAT"],
    ["SyncGroup", "GROUP_JOIN"],
  ])("is sure for a session from when %s was sent, not from when its answer was heard", (request, heard) => {
    const { emit, desk } = listening();
    emit("REQUEST", answer(request, 4_000));
    expect(desk.memberUntil).toBe(Number.NEGATIVE_INFINITY);
    emit(heard, { memberId: "m", memberAssignment: {} });
    expect(desk.memberUntil).toBe(NOW - 4_000 + 6_000);
  });

  it("is not made longer by an answer that was an error, nor by other requests, nor by a clock that stepped back", () => {
    const { emit, desk } = listening();
    emit("REQUEST", answer("Heartbeat", 5_000));
    emit("HEARTBEAT", {});
    const before = desk.memberUntil;
    emit("REQUEST", answer("Fetch", 10));
    emit("REQUEST", answer("Heartbeat", 10));
    expect(desk.memberUntil).toBe(before);
    emit("REQUEST", answer("Heartbeat", -60_000));
    emit("HEARTBEAT", {});
    expect(desk.memberUntil).toBe(NOW + 6_000);
  });
});
