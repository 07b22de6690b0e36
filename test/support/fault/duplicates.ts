/** I3: what came more than once, what it came by, and whether it may be so many. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { Limits, Say, Verdict } from "./check.js";
import { type Copy, type History, header, type Sample } from "./history.js";
import { isInParts, partOf } from "./parts.js";
import { CAUSES, type Cause, type FaultEvent } from "./timeline.js";

/**
 * Each copy beyond the first must have the bytes of the one before, an event between the two, and an input that was not yet
 * committed when the event began. Of one event there may be no more than were done and not committed, or in flight.
 */
export function checkDuplicates(
  history: History,
  groups: ReadonlyMap<string, readonly Copy[]>,
  limits: Limits,
  say: Say,
): Verdict["duplicates"] {
  const { inputs } = history;
  const counts: Partial<Record<Cause | "untraced", number>> = {};
  const again = new Map<FaultEvent, Again>();
  for (const [name, copies] of groups) {
    const inParts = isInParts(inputs.get(name)!);
    const laneOf = (copy: Copy) => (inParts ? `${copy.channel} ${partOf(copy)}` : copy.channel);
    for (const channel of new Set(copies.map(laneOf))) {
      const same = copies.filter((copy) => laneOf(copy) === channel).toSorted((a, b) => a.at - b.at);
      for (const [i, copy] of same.entries()) {
        if (i === 0) continue;
        const before = same[i - 1]!;
        if (!sameBytes(before, copy)) say("I3", `the copies of ${name} on ${channel} differ`);
        const between = eventsBetween(history, before, copy);
        const event = causeOf(between);
        const cause = (event?.cause ?? "untraced") as Cause | "untraced";
        counts[cause] = (counts[cause] ?? 0) + 1;
        if (event === undefined) say("I3", `${name} came again on ${channel} and nothing had happened`);
        else note(again, event, name, between);
      }
    }
  }
  for (const [event, one] of again) checkBound(history, groups, event, one, limits, say);
  return counts;
}

/** What came again by an event, each with the events that it may have come by as well. */
type Again = Map<string, Set<FaultEvent>>;

function note(
  again: Map<FaultEvent, Again>,
  event: FaultEvent,
  name: string,
  between: readonly FaultEvent[],
) {
  const names = again.get(event) ?? new Map<string, Set<FaultEvent>>();
  again.set(event, names.set(name, new Set([...(names.get(name) ?? []), ...between])));
}

/** Copies of different pipelines have different names, and other bytes. */
function sameBytes(a: Copy, b: Copy): boolean {
  if (header(a, "spanmill.record-id") !== header(b, "spanmill.record-id")) return true;
  return isDeepStrictEqual([a.key, a.value], [b.key, b.value]);
}

/**
 * The broker may append a moment after the process that sent it is gone, and a busy one later than that. And a lane that
 * could not reach it waits up to 5 s between two tries, so that both copies may come when all is over.
 */
const LATE_MS = 10_000;

/** Those that a second copy may have come by. */
function eventsBetween({ events }: History, before: Copy, copy: Copy): FaultEvent[] {
  return events.filter(
    ({ cause, from, to }) => cause !== "other" && from <= copy.at && to + LATE_MS >= before.at,
  );
}

function causeOf(between: readonly FaultEvent[]): FaultEvent | undefined {
  for (const cause of CAUSES) {
    const found = between.findLast((event) => event.cause === cause);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A document that came again and was in no log by the end of what it may have come by was in flight then. */
function checkBound(
  history: History,
  groups: ReadonlyMap<string, readonly Copy[]>,
  event: FaultEvent,
  again: Again,
  limits: Limits,
  say: Say,
): void {
  const { inputs } = history;
  const causes = new Set([...again.values()].flatMap((between) => [...between]));
  const committedAt = new Map([...causes].map((cause) => [cause, committedBy(history, cause.from)]));
  const isCommitted = (name: string, cause: FaultEvent) => {
    const { partition, offset } = inputs.get(name)!;
    return offset < (committedAt.get(cause)!.get(partition) ?? 0n);
  };
  const isDone = (name: string, { still, to }: FaultEvent) =>
    groups.get(name)!.some(({ at }) => at <= (still ?? to));
  let inFlight = 0;
  for (const [name, between] of again) {
    const open = [...between].filter((cause) => !isCommitted(name, cause));
    if (open.length === 0) say("I3", `${name} came again though it was committed`);
    else if (!open.some((cause) => isDone(name, cause))) inFlight++;
  }
  const partitions = new Set([...inputs.values()].map(({ partition }) => partition)).size;
  const most = [...causes].reduce((sum, cause) => sum + limits.inFlight * handsOf(cause), partitions);
  if (inFlight > most)
    say("I3", `${inFlight} documents in flight came again after "${event.what}", over ${most}`);
}

/** How often as many as one worker has in flight may come again by it. */
function handsOf({ still, workers }: FaultEvent): number {
  return still === undefined ? Math.max(1, workers) : 1;
}

/** What was committed for certain at a time. */
function committedBy({ samples }: History, at: number): Sample["committed"] {
  return samples.findLast(({ by }) => by <= at)?.committed ?? new Map();
}
