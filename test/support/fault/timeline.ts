/** What befell the workers and when, from the scenario itself and from the workers' logs. Times in ms since 1970. */

/** Causes of duplicates, those first that others follow from. */
export const CAUSES = ["unclean-stop", "coordinator-loss", "put-out", "lost-answer", "rebalance"] as const;
export type Cause = (typeof CAUSES)[number];

export interface FaultEvent {
  /** `other`: no reason for anything to come twice. */
  readonly cause: Cause | "other";
  readonly what: string;
  readonly from: number;
  readonly to: number;
  /** Where it stopped one worker: when that surely did nothing any more, which may be long before `to`. */
  readonly still?: number;
  /** Workers that ran when it began. */
  readonly workers: number;
  /** What totals.js sums its standstill by: of a fault of the scenario's own. */
  readonly kind?: string;
}

/**
 * Rebalances, and crashes of the consumer, as a worker's log tells them. A member that was put out of its group hears of
 * it by nothing but its next assignment, where what it owned is another's for a moment: both lost and gained.
 *
 * @param end when it ended, which also ends what it did not see the end of
 * @param workersAt how many ran at a time
 * @param sessionMs how long it can have been put out without a word
 */
export function eventsOf(
  log: string,
  worker: string,
  workersAt: (at: number) => number,
  end: number,
  sessionMs: number,
): FaultEvent[] {
  const events: FaultEvent[] = [];
  let open: { cause: Cause; from: number } | undefined;
  for (const line of log.split("\n")) {
    const { at, kind, again = false } = read(line) ?? {};
    if (at === undefined || kind === undefined) continue;
    if (/rebalancing$/.test(kind)) open ??= { cause: "rebalance", from: at };
    else if (/crash(ed)?$/.test(kind)) open = { cause: "coordinator-loss", from: open?.from ?? at };
    else if (/assigned$/.test(kind) && open !== undefined) {
      events.push({ ...open, what: `${worker} joined again`, to: at, workers: workersAt(open.from) });
      open = undefined;
    } else if (/assigned$/.test(kind) && again) {
      const from = at - sessionMs;
      events.push({
        cause: "put-out",
        what: `${worker} was put out`,
        from,
        to: at,
        workers: workersAt(from),
      });
    }
  }
  if (open !== undefined) {
    events.push({ ...open, what: `${worker} left`, to: end, workers: workersAt(open.from) });
  }
  return events;
}

/** The first line of a worker's log for this event. */
export function lineWith(log: string, event: string): Readonly<Record<string, unknown>> | undefined {
  const line = log.split("\n").find((one) => one.startsWith("{") && one.includes(`"event":"${event}"`));
  return line === undefined ? undefined : JSON.parse(line);
}

function read(line: string): { at: number; kind: string; again: boolean } | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { time, kind, event, gained = [], lost = [] } = JSON.parse(line);
    const again = gained.some((partition: string) => lost.includes(partition));
    return { at: Date.parse(time), kind: String(event ?? kind), again };
  } catch {
    return undefined;
  }
}
