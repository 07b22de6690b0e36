import type { Clock } from "../../src/ports/clock.js";

/** Time that stands still until it is told to pass. */
export interface TestClock extends Clock {
  readonly pass: (milliseconds: number) => void;
}

export function testClock(): TestClock {
  let time = 0;
  return {
    now: () => time,
    wall: () => 1_700_000_000_000 + time,
    pass(milliseconds) {
      time += milliseconds;
    },
  };
}
