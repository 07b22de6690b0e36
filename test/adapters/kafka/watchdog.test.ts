import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { startWatchdog, type Watchdog } from "../../../src/adapters/kafka/watchdog.js";
import type { SpanmillError } from "../../../src/errors.js";

const SETTINGS = { sessionTimeout: 10_000, rebalanceTimeout: 20_000, heartbeatInterval: 1_000 };

describe("the watchdog", () => {
  let now = 0;
  let step = 0;
  let dog: Watchdog;
  const failures: SpanmillError[] = [];
  beforeEach(() => {
    vi.useFakeTimers();
    now = 0;
    step = 0;
    failures.length = 0;
    dog = startWatchdog(SETTINGS, { now: () => now, wall: () => now + step }, (error) =>
      failures.push(error),
    );
  });
  afterEach(() => {
    dog.stop();
    vi.useRealTimers();
  });
  const pass = (ms: number, each: () => void = () => undefined) => {
    for (const end = now + ms; now < end; ) {
      now += 500;
      each();
      vi.advanceTimersByTime(500);
    }
  };

  it("is silent while heartbeats come", () => {
    pass(60_000, () => dog.beat());
    expect(failures).toEqual([]);
  });

  it("fails within the session when the clock stepped back and heartbeats stopped, though kafkajs fetches on", () => {
    dog.beat();
    step = -60_000;
    pass(8_000, () => dog.sign());
    expect(failures).toEqual([]);
    pass(1_000, () => dog.sign());
    expect(failures[0]?.code).toBe("KAFKA_HEARTBEAT_LOST");
  });

  it("waits while a broker is away and kafkajs goes on trying", () => {
    dog.beat();
    pass(120_000, () => dog.sign());
    expect(failures).toEqual([]);
  });

  it("waits out a rebalance, which has no heartbeats", () => {
    dog.beat();
    pass(25_000);
    dog.beat();
    expect(failures).toEqual([]);
  });

  it("fails where kafkajs shows no sign of life for longer than any rebalance", () => {
    dog.beat();
    pass(31_000);
    expect(failures[0]?.code).toBe("KAFKA_HEARTBEAT_LOST");
  });

  it("does not blame kafkajs for a time in which the process was stopped", () => {
    dog.beat();
    now += 3_600_000;
    vi.advanceTimersByTime(500);
    expect(failures).toEqual([]);
  });
});
