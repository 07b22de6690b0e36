/** When a broker last gave trouble, which explains heartbeats that do not come. */
import type { Clock } from "../../ports/clock.js";
import type { LaneEvent } from "./lane.js";
import type { KafkaLogKind, KafkaLogLine } from "./log.js";

export interface BrokerTrouble {
  client(line: KafkaLogLine): void;
  lane(event: LaneEvent): void;
  /** Milliseconds since the last trouble; undefined: none so far. */
  age(): number | undefined;
}

export function brokerTrouble(clock: Pick<Clock, "now">): BrokerTrouble {
  let last: number | undefined;
  return {
    client: ({ kind }) => {
      if (AWAY.has(kind)) last = clock.now();
    },
    lane: ({ kind }) => {
      if (kind === "retry" || kind === "stalled") last = clock.now();
    },
    age: () => (last === undefined ? undefined : clock.now() - last),
  };
}

const AWAY: ReadonlySet<KafkaLogKind> = new Set<KafkaLogKind>([
  "connection-failed",
  "connection-timed-out",
  "request-refused",
  "send-failed",
  "answer-late",
]);
