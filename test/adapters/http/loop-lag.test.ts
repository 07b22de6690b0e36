import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { watchLoop } from "../../../src/adapters/http/loop-lag.js";
import { testClock } from "../../support/test-clock.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("knows how long the main loop was held", () => {
  const clock = testClock();
  const lag = watchLoop(clock, 20);
  /** A timer that is due fires, so much later by the clock than it should. */
  const look = (late: number) => {
    clock.pass(20 + late);
    vi.advanceTimersByTime(20);
  };
  look(0);
  expect(lag.now()).toBe(0);
  clock.pass(320);
  expect(lag.now()).toBe(300);
  // The timer has run since, and found itself late.
  vi.advanceTimersByTime(20);
  expect(lag.now()).toBe(300);
  look(5);
  expect(lag.now()).toBe(5);
  look(0);
  expect(lag.now()).toBe(0);
  lag.stop();
});
