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
 * @param sessionMs how long it can have been put out without a word
 */
export function eventsOf(
  log: string,
  worker: string,
  workers: number,
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
      events.push({ ...open, what: `${worker} joined again`, to: at, workers });
      open = undefined;
    } else if (/assigned$/.test(kind) && again) {
      events.push({ cause: "put-out", what: `${worker} was put out`, from: at - sessionMs, to: at, workers });
    }
  }
  if (open !== undefined) events.push({ ...open, what: `${worker} left`, to: end, workers });
  return events;
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
