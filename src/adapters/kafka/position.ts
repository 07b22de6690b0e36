/** Where reading of a partition begins, and what a jump over its lost part is. Pure. */
import type { Offset } from "./tracker.js";

/** What to do where documents that were not yet read are gone from the log. */
export type OutOfRange = "fail" | "earliest" | "latest";

export interface Bounds {
  /** First offset that the log still holds. */
  readonly low: Offset;
  /** The offset that the next message gets. */
  readonly high: Offset;
}

/** `expected` to `found` is what is not read. `expected` is undefined where kafkajs had overwritten the position. */
export interface Gap {
  readonly expected: Offset | undefined;
  readonly found: Offset;
}

export interface Start {
  readonly at: Offset;
  readonly gap: Gap | undefined;
}

/**
 * @param position the offset to read next, as committed or as we know it; -1 where the group has none. Other negative
 * values are what kafkajs commits by itself, with auto-commit off too, when a position is out of range
 * (`offsetManager.setDefaultOffset`): then something was lost and nobody knows from where.
 */
export function startOf(position: Offset, { low, high }: Bounds, policy: OutOfRange): Start {
  if (position === NONE) return { at: low, gap: undefined };
  if (position >= low && position <= high) return { at: position, gap: undefined };
  const found = policy === "latest" ? high : low;
  return { at: found, gap: { expected: position < 0n ? undefined : position, found } };
}

const NONE = -1n;
