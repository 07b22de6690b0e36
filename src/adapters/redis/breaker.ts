/**
 * Keeps from asking what does not answer. Closed: all may ask. So many failures within a window open it: nobody may. After
 * a wait it is half open: one may ask, and its outcome closes it, or opens it for twice as long.
 */
import type { Clock } from "../../ports/clock.js";

export type BreakerState = "closed" | "open" | "half_open";

export interface BreakerSettings {
  readonly clock: Pick<Clock, "now">;
  readonly failures: number;
  readonly windowMs: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  readonly onState?: ((state: BreakerState) => void) | undefined;
}

export interface Breaker {
  /** @returns what to call, once, with the outcome; undefined: do not ask. */
  readonly enter: () => ((succeeded: boolean) => void) | undefined;
  /** Whether `enter` would let one in now. */
  readonly admits: () => boolean;
  readonly state: () => BreakerState;
}

export function breaker(settings: BreakerSettings): Breaker {
  const { clock, windowMs, firstWaitMs, longestWaitMs } = settings;
  let state: BreakerState = "closed";
  /** Counts changes of state: an outcome from before the last one is no news. */
  let epoch = 0;
  let failedAt: number[] = [];
  let wait = firstWaitMs;
  let closedAt = Number.NEGATIVE_INFINITY;
  let openedAt = 0;

  const become = (next: BreakerState) => {
    state = next;
    epoch++;
    settings.onState?.(next);
  };
  const open = (after: number) => {
    wait = after;
    failedAt = [];
    openedAt = clock.now();
    become("open");
  };
  const doubled = () => Math.min(2 * wait, longestWaitMs);
  const close = () => {
    closedAt = clock.now();
    become("closed");
  };
  const failed = () => {
    const now = clock.now();
    failedAt = [...failedAt.filter((at) => now - at <= windowMs), now];
    if (failedAt.length < settings.failures) return;
    // A probe that went well is no recovery yet: the wait grows until a whole window was closed.
    open(now - closedAt <= windowMs ? doubled() : firstWaitMs);
  };

  const admits = () => state === "closed" || (state === "open" && clock.now() - openedAt >= wait);

  return {
    state: () => state,
    admits,
    enter() {
      if (!admits()) return undefined;
      const isProbe = state === "open";
      if (isProbe) become("half_open");
      const entered = epoch;
      return (succeeded) => {
        if (entered !== epoch) return;
        if (isProbe && succeeded) close();
        else if (isProbe) open(doubled());
        else if (!succeeded) failed();
      };
    },
  };
}
