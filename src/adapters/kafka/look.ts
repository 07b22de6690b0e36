/** What there is to read, and whether it may be read, asked without joining the group. */
import type { Kafka } from "kafkajs";
import { SpanmillError } from "../../errors.js";
import { certificateTrouble } from "./failure.js";
import { describeKafka, kafkaErrorFacts } from "./log.js";
import { readPositions } from "./positions.js";
import { askReadRights, type LogEnd, type Right } from "./rights.js";

export interface Input {
  readonly topics: readonly InputTopic[];
  /** To join it. */
  readonly group: Right;
}

export interface InputTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Offsets from the group's record, or the log's begin, to the log's end. */
  readonly unread: bigint;
  readonly right: Right;
}

/** @throws SpanmillError KAFKA_CONSUMER_FAILED naming the topic. */
export async function lookAtInput(kafka: Kafka, groupId: string, topics: readonly string[]): Promise<Input> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    const found: Omit<InputTopic, "right">[] = [];
    const ends: LogEnd[] = [];
    for (const topic of topics) {
      const metadata = await admin.fetchTopicMetadata({ topics: [topic] }).catch((error: unknown) => {
        throw refused(error, topic);
      });
      const partitions = (metadata.topics[0]?.partitions ?? []).map(({ partitionId }) => ({
        topic,
        partition: partitionId,
      }));
      const positions = await readPositions(kafka, groupId, partitions);
      const unread = positions.reduce(
        (sum, { committed, low, high }) => sum + high - (committed > low ? committed : low),
        0n,
      );
      found.push({ topic, partitions: partitions.length, unread });
      ends.push({ topic, partition: partitions[0]?.partition ?? 0, high: positions[0]?.high ?? 0n });
    }
    const rights = await askReadRights(kafka, groupId, ends);
    return {
      topics: found.map((one, at) => ({ ...one, right: rights.topics[at]! })),
      group: rights.group,
    };
  } catch (error) {
    throw refused(error);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

function refused(error: unknown, topic?: string): SpanmillError {
  if (error instanceof SpanmillError) return error;
  const missing = topic !== undefined && kafkaErrorFacts(error).code === "UNKNOWN_TOPIC_OR_PARTITION";
  return new SpanmillError(
    "KAFKA_CONSUMER_FAILED",
    missing
      ? `No such topic, or none that this user may see: ${topic}. Create it, or mend its name in --kafka-topics.`
      : `Kafka cannot be asked what there is to read (${describeKafka(error)}). ${certificateTrouble(error) ?? "Check the brokers' addresses, TLS, user and rights."}`,
    { cause: error },
  );
}
