/** How long no new document came to the outputs although one waited, around each event of a run. Pure. */
import type { Copy, History } from "./history.js";
import type { FaultEvent } from "./timeline.js";

export interface Standstill {
  readonly kind: string;
  /** How long the event lasted. */
  readonly lastedMs: number;
  /** The longest of those that touch it; undefined where nothing waited then. */
  readonly longestGapMs: number | undefined;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** An event that the run's own faults led to is theirs, and left out. */
export function standstills(history: Pick<History, "inputs" | "copies" | "events">): Standstill[] {
  const gaps = gapsOf(history);
  const touching = (event: FaultEvent) => gaps.filter((gap) => touch(gap, event));
  const own = history.events.filter(({ kind }) => kind !== undefined);
  const all = history.events.flatMap((event): Standstill[] => {
    const near = touching(event);
    const led = own.some((one) => touch(one, event) || near.some((gap) => touch(gap, one)));
    if (event.kind === undefined && led) return [];
    const longest = near.length === 0 ? undefined : Math.max(...near.map(({ from, to }) => to - from));
    return [{ kind: event.kind ?? event.cause, lastedMs: event.to - event.from, longestGapMs: longest }];
  });
  return all.filter(({ kind }) => kind !== "other");
}

function touch(a: Gap, b: Gap): boolean {
  return a.from <= b.to && b.from <= a.to;
}

/** Between neighbours among the first copies; from when there was something to do. */
function gapsOf({ inputs, copies }: Pick<History, "inputs" | "copies">): Gap[] {
  const first = new Map<string, Copy>();
  for (const copy of copies) {
    if (copy.input === undefined || !inputs.has(copy.input)) continue;
    if (copy.at < (first.get(copy.input)?.at ?? Number.POSITIVE_INFINITY)) first.set(copy.input, copy);
  }
  const done = [...first].map(([name, { at }]) => ({ at, since: Number(inputs.get(name)!.timestamp) }));
  done.sort((a, b) => b.at - a.at);
  const gaps: Gap[] = [];
  // Backwards in time: the oldest input of those that are done at `later` or after it.
  let waits = Number.POSITIVE_INFINITY;
  done.forEach((later, i) => {
    waits = Math.min(waits, later.since);
    const before = done[i + 1];
    if (before !== undefined)
      gaps.push({ from: Math.min(Math.max(before.at, waits), later.at), to: later.at });
  });
  return gaps;
}
