/** What the parts of a Kafka source share while it runs. */
import type { Consumer, Kafka } from "kafkajs";
import type { SpanmillError } from "../../errors.js";
import type { Clock } from "../../ports/clock.js";
import type { Assignment, Partition } from "./assignment.js";
import type { Commits } from "./commits.js";
import type { KafkaSourceEvent } from "./source-events.js";
import type { KafkaSourceSettings } from "./source-settings.js";
import type { Waiting } from "./waiting.js";

export interface Desk {
  readonly kafka: Kafka;
  readonly consumer: Consumer;
  readonly settings: KafkaSourceSettings;
  readonly clock: Clock;
  readonly assignment: Assignment;
  readonly commits: Commits;
  readonly waiting: Waiting;
  readonly report: (event: KafkaSourceEvent) => void;
  /** Ends the run with this error; the first one counts. */
  readonly fail: (error: SpanmillError) => void;
  /** `running` alone hands over. */
  phase: "idle" | "running" | "stopping" | "failed" | "closed";
  /** All that this process ever was in the group. */
  readonly lives: Set<string>;
  /** Set from the first sign of a rebalance until the group has joined again. */
  draining: Promise<void> | undefined;
  /**
   * Until then we are of the group for sure, by `clock.now()`: a session after the last request was sent whose answer said
   * so. kafkajs counts from where it heard the answer, which may be much later; who slept in between has lost its
   * partitions to others and does not know it.
   */
  memberUntil: number;
}

/** Whether documents of this partition may be handed over at this moment. */
export function mayHandOver(desk: Desk, partition: Partition): boolean {
  return desk.phase === "running" && desk.draining === undefined && desk.assignment.owns(partition);
}

/** Longest time between two looks of who waits: below the heartbeat interval, so that beats are kept. */
export function tickOf({ heartbeatInterval }: KafkaSourceSettings): number {
  return Math.min(heartbeatInterval / 3, 500);
}

/** The next fetch of the partition starts at its tracker's `next`. */
export function seek({ consumer }: Desk, { topic, partition, tracker }: Partition): void {
  if (tracker === undefined) return;
  whileItLives(() => consumer.seek({ topic, partition, offset: `${tracker.next}` }));
}

export function pause({ consumer }: Desk, partitions: readonly Partition[]): void {
  if (partitions.length > 0) whileItLives(() => consumer.pause(partitions.map(topicOf)));
}

export function resume({ consumer }: Desk, partitions: readonly Partition[]): void {
  if (partitions.length > 0) whileItLives(() => consumer.resume(partitions.map(topicOf)));
}

/** kafkajs throws where it is just crashing; then the next GROUP_JOIN puts all of this right. */
function whileItLives(call: () => void): void {
  try {
    call();
  } catch {}
}

function topicOf({ topic, partition }: Partition): { topic: string; partitions: number[] } {
  return { topic, partitions: [partition] };
}
