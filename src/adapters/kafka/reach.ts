/**
 * How far documents of a partition may be handed over: up to a bound that is on record, so that after an unclean end
 * nothing that was in the process's hands lies beyond it. A commit moves the bound on, far enough for what the next one
 * takes to come; only where the pace grows is a commit needed before its time.
 */
import type { Offset } from "./tracker.js";

export interface Reach {
  allows(offset: Offset): boolean;
  /** This one is to be handed over next. */
  want(offset: Offset): void;
  took(): void;
  /**
   * The bound that belongs on record; undefined while nothing was ever wanted.
   *
   * @param anew where the record is written anyway
   */
  due(next: Offset, anew: boolean): Offset | undefined;
  /** It is on record. */
  recorded(bound: Offset): void;
}

export function createReach(): Reach {
  let bound = -1n;
  let wanted = -1n;
  let taken = 0;
  return {
    allows: (offset) => offset < bound,
    want: (offset) => {
      if (offset > wanted) wanted = offset;
    },
    took: () => {
      taken += 1;
    },
    due: (next, anew) => {
      if (wanted < 0n) return undefined;
      if (wanted < bound && !anew) return bound;
      const behind = wanted >= next ? wanted + 1n : next;
      return behind + BigInt(Math.min(MOST, Math.max(LEAST, 2 * taken)));
    },
    recorded: (now) => {
      bound = now;
      taken = 0;
    },
  };
}

/** Offsets beyond what was handed over. So many more than need be are read again among few after an unclean end. */
const LEAST = 16;
const MOST = 2_000;
