/** What the broker knows of partitions: the group's record, and which offsets the log still holds. */
import { setTimeout as pause } from "node:timers/promises";
import type { Kafka } from "kafkajs";
import type { Bounds } from "./position.js";
import type { PartitionName } from "./source-events.js";

export interface Found extends Bounds {
  /** As committed: -1 where the group has none, other negative values where kafkajs had reset it. */
  readonly committed: bigint;
  readonly metadata: string;
}

/**
 * In the order of `partitions`. A connection of its own each time: an admin client that stays caches what it knows of
 * topics for minutes, and a partition may be new.
 *
 * @throws the errors of kafkajs, and Error where a partition is not known yet.
 */
export async function readPositions(
  kafka: Kafka,
  groupId: string,
  partitions: readonly PartitionName[],
): Promise<Found[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    const committed = await onceCertain(() => admin.fetchOffsets({ groupId, topics }));
    const bounds = new Map<string, Awaited<ReturnType<typeof admin.fetchTopicOffsets>>>();
    for (const topic of topics) bounds.set(topic, await admin.fetchTopicOffsets(topic));
    return partitions.map(({ topic, partition }) => {
      const record = committed
        .find((one) => one.topic === topic)
        ?.partitions.find((one) => one.partition === partition);
      const log = bounds.get(topic)?.find((one) => one.partition === partition);
      if (record === undefined || log === undefined) throw new Error("a partition is not known yet");
      return {
        committed: BigInt(record.offset),
        metadata: record.metadata ?? "",
        low: BigInt(log.low),
        high: BigInt(log.high),
      };
    });
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** What is written and not yet certain is a matter of moments (see `readStableOffsets`); kafkajs's admin tries nothing again. */
async function onceCertain<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let left = TRIES; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 1 || !NOT_CERTAIN.has((error as { readonly type?: string }).type ?? "")) throw error;
    }
    await pause(BETWEEN_MS);
  }
}

const NOT_CERTAIN: ReadonlySet<string> = new Set(["UNSTABLE_OFFSET_COMMIT", "NOT_COORDINATOR_FOR_GROUP"]);
const TRIES = 10;
const BETWEEN_MS = 200;

/** Ids of the group's members. */
export async function readMembers(kafka: Kafka, groupId: string): Promise<string[]> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    return groups.flatMap(({ members }) => members.map(({ memberId }) => memberId));
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}
