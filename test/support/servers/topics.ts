/** Names that no other test has. */
import { randomUUID } from "node:crypto";
import { Kafka, logLevel } from "kafkajs";
import { readMetadata } from "./metadata.js";
import { readTopic } from "./raw-reader.js";
import { until } from "./until.js";

export interface TopicOptions {
  /** All brokers unless said. */
  readonly replicas?: number;
  readonly config?: Readonly<Record<string, string>>;
}

/** Creates a topic and resolves with its name when all its partitions have leaders. */
export async function freshTopic(
  bootstrap: string,
  partitions = 1,
  options: TopicOptions = {},
): Promise<string> {
  const topic = `t-${randomUUID()}`;
  const brokers = bootstrap.split(",");
  const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  try {
    const configEntries = Object.entries(options.config ?? {}).map(([name, value]) => ({ name, value }));
    const numPartitions = partitions;
    const replicationFactor = options.replicas ?? -1;
    // kafkajs fails when it asks a broker for leaders that has not heard of the topic; asked for below, of every broker.
    const topics = [{ topic, numPartitions, replicationFactor, configEntries }];
    await admin.createTopics({ topics, waitForLeaders: false });
  } finally {
    await admin.disconnect();
  }
  await until(`leaders of ${topic}`, async () => {
    const views = await Promise.all(brokers.map((address) => readMetadata(address, [topic])));
    return views.every(
      (view) => view.partitions.length === partitions && view.partitions.every(({ leader }) => leader >= 0),
    );
  });
  // A leader is known before it serves. What kafkajs sends meanwhile it sends again, also where it was written.
  await until(`the partitions of ${topic} to be served`, async () => {
    const { ranges } = await readTopic(bootstrap, topic);
    return ranges.size === partitions;
  });
  return topic;
}

/** A name for a consumer group. */
export function freshGroup(): string {
  return `g-${randomUUID()}`;
}
