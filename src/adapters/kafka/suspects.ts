/**
 * The record of documents that may kill the process, kept in the metadata of a partition's committed offset, where
 * the next owner of the partition reads it: `spanmill:1:<offset>:<deaths>`, more of them after commas.
 */
import type { Offset } from "./tracker.js";

/** How often a process died while it held the document at this offset alone. */
export type Suspects = ReadonlyMap<Offset, number>;

/** Text that is not ours, or of a later version, says nothing. */
export function parseSuspects(metadata: string | null | undefined): Suspects {
  const suspects = new Map<Offset, number>();
  if (!metadata?.startsWith(PREFIX)) return suspects;
  for (const part of metadata.slice(PREFIX.length).split(",")) {
    const [, offset, deaths] = PART.exec(part) ?? [];
    if (offset !== undefined && deaths !== undefined) suspects.set(BigInt(offset), Number(deaths));
  }
  return suspects;
}

/** Never more than 1 KB (the broker's default limit is 4 KB); where there are too many, those with most deaths stay. */
export function formatSuspects(suspects: Suspects): string {
  if (suspects.size === 0) return "";
  const kept = [...suspects]
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .slice(0, MOST)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return PREFIX + kept.map(([offset, deaths]) => `${offset}:${Math.min(deaths, 999)}`).join(",");
}

const PREFIX = "spanmill:1:";
const PART = /^(\d{1,19}):(\d{1,3})$/;
/** An offset has 19 digits at most. */
const MOST = 40;
