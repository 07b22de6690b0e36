/** What a Kafka source tells logs and metrics. Plain data, no text of a document. */

export interface PartitionName {
  readonly topic: string;
  readonly partition: number;
}

export type KafkaSourceEvent =
  /** A member of the group comes or goes; all give back their partitions. */
  | { readonly kind: "rebalancing" }
  /** What was in flight at a rebalance, and still was when we stopped waiting for it. */
  | { readonly kind: "drained"; readonly before: number; readonly left: number; readonly ms: number }
  | {
      readonly kind: "assigned";
      readonly partitions: readonly PartitionName[];
      readonly gained: readonly PartitionName[];
      readonly lost: readonly PartitionName[];
    }
  /** The positions of gained partitions could not be read; tried again. `reason` is a code or a class name. */
  | { readonly kind: "positions-failed"; readonly reason: string }
  /**
   * The process that held the partition before did not end cleanly. Offsets from `first` up to `end` may have been in its
   * hands; they are worked on a few at a time.
   */
  | (PartitionName & { readonly kind: "unclean-end"; readonly first: string; readonly end: string })
  | { readonly kind: "committed"; readonly partitions: number }
  /** Not fatal; tried again. */
  | { readonly kind: "commit-failed"; readonly partitions: number; readonly reason: string }
  /**
   * The log no longer holds what was to be read next. Offsets from `expected` (undefined: unknown) up to `found`
   * are not read; where `found` is the smaller one, the log was cut or made anew.
   */
  | (PartitionName & { readonly kind: "jump"; readonly expected: string | undefined; readonly found: string })
  /** Milliseconds since the heartbeat before. */
  | { readonly kind: "heartbeat"; readonly after: number }
  | (PartitionName & { readonly kind: "batch"; readonly messages: number; readonly lag: number })
  /** kafkajs gave up; it starts anew by itself, or the source ends. */
  | { readonly kind: "crash"; readonly restart: boolean; readonly reason: string };

/** Names a foreign error by its protocol code or its class; its message is never copied. */
export function reasonOf(error: unknown): string {
  const { type, code, name } = (error ?? {}) as { type?: unknown; code?: unknown; name?: unknown };
  const word = [type, code, name].find((word) => typeof word === "string" && /^\w{1,60}$/.test(word));
  return typeof word === "string" ? word : "unknown";
}
