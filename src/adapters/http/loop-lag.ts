/** How late the main loop is, for liveness: a probe that is answered late says so only to who asked. */
import type { Clock } from "../../ports/clock.js";

export interface LoopLag {
  /** Milliseconds that the last look came late, or that the next one is late by now. */
  now(): number;
  stop(): void;
}

export function watchLoop(clock: Pick<Clock, "now">, period = 250): LoopLag {
  let looked = clock.now();
  let late = 0;
  const overdue = () => Math.max(0, clock.now() - looked - period);
  const timer = setInterval(() => {
    late = overdue();
    looked = clock.now();
  }, period);
  // Watching is no reason to live.
  timer.unref();
  return { now: () => Math.max(late, overdue()), stop: () => clearInterval(timer) };
}
