/**
 * What the group has on record of a partition beside the offset, kept in the commit's metadata, where the next owner of
 * the partition reads it. `spanmill:1:` and, by commas:
 *
 * - `<offset>:<deaths>`, a suspect: so often a process died while it held the document at this offset alone; 0: while it
 *   held it among a few;
 * - `run:<life>:<bound>`: a process is at work. Who finds it, and knows that the process of this life is gone, knows that it
 *   did not end cleanly, and that what lies before `bound` may have been in its hands.
 *
 * Parts that are not understood are passed over, so that workers of several versions can share a group.
 */
import { createHash } from "node:crypto";
import type { Offset } from "./tracker.js";

export interface PartitionRecord {
  readonly suspects: ReadonlyMap<Offset, number>;
  readonly running: readonly Running[];
}

export interface Running {
  /** See `lifeOf`. */
  readonly life: string;
  readonly bound: Offset;
}

/** Text that is not ours, or of a later version, says nothing. */
export function parseRecord(metadata: string | null | undefined): PartitionRecord {
  const suspects = new Map<Offset, number>();
  const running: Running[] = [];
  if (!metadata?.startsWith(PREFIX)) return { suspects, running };
  for (const part of metadata.slice(PREFIX.length).split(",")) {
    const [, offset, deaths] = SUSPECT.exec(part) ?? [];
    if (offset !== undefined && deaths !== undefined) suspects.set(BigInt(offset), Number(deaths));
    const [, life, bound] = RUNNING.exec(part) ?? [];
    if (life !== undefined && bound !== undefined) running.push({ life, bound: BigInt(bound) });
  }
  return { suspects, running };
}

/** Never more than 1 KB (the broker's default limit is 4 KB); where there are too many, those with most deaths stay. */
export function formatRecord({ suspects, running }: PartitionRecord): string {
  const kept = [...suspects]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = kept.map(([offset, deaths]) => `${offset}:${Math.min(deaths, 999)}`);
  for (const { life, bound } of running.slice(0, MOST_RUNNING)) parts.push(`run:${life}:${bound}`);
  return parts.length === 0 ? "" : PREFIX + parts.join(",");
}

/** Names a member of the group, whose own name may be long: it lives as long as the group knows it. */
export function lifeOf(memberId: string): string {
  return createHash("sha256").update(memberId).digest("hex").slice(0, 16);
}

const PREFIX = "spanmill:1:";
const SUSPECT = /^(\d{1,19}):(\d{1,3})$/;
const RUNNING = /^run:([0-9a-f]{16}):(\d{1,19})$/;
/** An offset has 19 digits at most. */
const MOST = 38;
/** The one that ended, and the one that is at work. */
const MOST_RUNNING = 2;
