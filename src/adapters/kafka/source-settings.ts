/** All times in milliseconds. */
import type { OutOfRange } from "./position.js";

export interface KafkaSourceSettings {
  readonly groupId: string;
  readonly topics: readonly string[];
  /** What to do where messages that were not read are gone from the log. */
  readonly outOfRange: OutOfRange;
  /** Without a heartbeat for so long a member is put out of the group. */
  readonly sessionTimeout: number;
  readonly heartbeatInterval: number;
  /** How long the group waits at a rebalance for members to finish. */
  readonly rebalanceTimeout: number;
  /** How long we wait at a rebalance for what is in flight; smaller than `rebalanceTimeout`. */
  readonly drainTimeout: number;
  readonly commitInterval: number;
  /** How long `close` tries to commit, and then to leave. */
  readonly closeTimeout: number;
  /** Most documents, and most of their bytes, from the watermark of a partition to the last one handed over. */
  readonly maxDistance: number;
  readonly maxDistanceBytes: number;
  /** How long a broker holds a fetch that finds nothing: the latency of pause and resume. */
  readonly maxWait: number;
  readonly maxBytes: number;
  readonly maxBytesPerPartition: number;
  /** How soon new partitions of a topic are noticed. */
  readonly metadataMaxAge: number;
  /** At least the number of partitions that one process may own. */
  readonly partitionsAtOnce: number;
}

export const KAFKA_SOURCE_DEFAULTS = {
  outOfRange: "fail",
  sessionTimeout: 30_000,
  heartbeatInterval: 3_000,
  rebalanceTimeout: 60_000,
  drainTimeout: 30_000,
  commitInterval: 1_000,
  closeTimeout: 10_000,
  maxDistance: 2_000,
  maxDistanceBytes: 64 << 20,
  maxWait: 250,
  maxBytes: 32 << 20,
  maxBytesPerPartition: 1 << 20,
  metadataMaxAge: 60_000,
  partitionsAtOnce: 64,
} as const satisfies Omit<KafkaSourceSettings, "groupId" | "topics">;
