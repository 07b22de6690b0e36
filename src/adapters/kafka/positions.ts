/** What the broker knows of partitions: the group's record, and which offsets the log still holds. */
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
    const committed = await admin.fetchOffsets({ groupId, topics });
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
