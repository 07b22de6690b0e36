import type { Admin, Message } from "kafkajs";
import { SpanmillError } from "../../errors.js";
import type { Clock } from "../../ports/clock.js";
import type { Channel, OutputMessage, Sink } from "../../ports/sink.js";
import { type KafkaConnection, openKafka } from "./client.js";
import type { Compression } from "./codecs.js";
import {
  type Lane,
  type LaneEvent,
  type LanePatience,
  type LaneState,
  MOST_BYTES,
  openLane,
  tooLarge,
} from "./lane.js";
import type { KafkaLog } from "./log.js";
import { BATCH_BYTES, toKafka, wireBytes } from "./output-message.js";
import { partitionOf } from "./partition.js";
import { openProducers, type Producers } from "./producers.js";
import { countPartitions, openingFailure, readTopics, requireWriteRight, type TopicFacts } from "./topics.js";

export interface KafkaSinkSettings {
  readonly connection: KafkaConnection;
  /** Channels that are left out are never sent to. */
  readonly topics: Readonly<Partial<Record<Channel, string>>>;
  readonly compression: Compression;
  readonly clock: Clock;
  readonly log: KafkaLog;
  /** Told of retries, stalls and splits. */
  readonly report: (event: LaneEvent) => void;
  /** How soon partitions that were added are used, in milliseconds. */
  readonly metadataMaxAge?: number;
  readonly patience?: Partial<LanePatience>;
}

export interface KafkaSink extends Sink {
  /** By topic, as it was opened. Where the largest message is not known, it is taken to be `ASSUMED_MESSAGE_BYTES`. */
  readonly facts: ReadonlyMap<string, TopicFacts>;
  /** Of every lane that was used, for gauges. */
  lanes(): readonly LaneState[];
  /** How often a producer was replaced. */
  renewals(): number;
}

/**
 * Opens the output topics: each must exist and be writable. One lane a partition keeps the order of a key and loses
 * nothing; the acknowledgement of every in-sync replica is asked for and looked at.
 *
 * @throws SpanmillError SINK_TOPIC_MISSING, SINK_FORBIDDEN, SINK_UNAVAILABLE, CONFIG_INVALID
 */
export async function openKafkaSink(settings: KafkaSinkSettings): Promise<KafkaSink> {
  const kafka = await openKafka(settings.connection, settings.log);
  const names = [...new Set(Object.values(settings.topics))];
  const admin = kafka.admin();
  const topics = new Map<string, Topic>();
  try {
    await admin.connect();
    const facts = await readTopics(admin, names);
    // The client would log the refusal that is the probe's good answer.
    await requireWriteRight(await openKafka(settings.connection, () => {}), names);
    for (const name of names) {
      const found = facts.get(name) ?? UNKNOWN;
      const producers = openProducers({
        kafka,
        topic: name,
        compression: settings.compression,
        metadataMaxAge: settings.metadataMaxAge ?? METADATA_MAX_AGE_MS,
      });
      topics.set(name, {
        name,
        facts: found,
        partitions: found.partitions,
        limit: (found.maxMessageBytes ?? ASSUMED_MESSAGE_BYTES) - MARGIN_BYTES,
        producers,
        lanes: [],
        turn: 0,
      });
      await producers.connect();
    }
  } catch (error) {
    await Promise.all([...topics.values()].map(({ producers }) => producers.close()));
    await admin.disconnect().catch(() => undefined);
    throw openingFailure(error);
  }
  return sinkOf(settings, admin, topics);
}

function sinkOf(settings: KafkaSinkSettings, admin: Admin, topics: Map<string, Topic>): KafkaSink {
  const refresh = setInterval(
    () => void lookForPartitions(admin, topics),
    settings.metadataMaxAge ?? METADATA_MAX_AGE_MS,
  );
  refresh.unref();
  let closing: Promise<void> | undefined;

  const topicOf = (channel: Channel): Topic | undefined => topics.get(settings.topics[channel] ?? "");
  const laneOf = (topic: Topic, partition: number): Lane<Message> => {
    topic.lanes[partition] ??= openLane<Message>({
      topic: topic.name,
      partition,
      // A topic measures a batch as one message. It is measured here before it is packed: small topics get small batches.
      mostBytes: Math.min(MOST_BYTES, topic.limit),
      courier: () => topic.producers.courier(partition),
      clock: settings.clock,
      report: settings.report,
      ...(settings.patience === undefined ? {} : { patience: settings.patience }),
    });
    return topic.lanes[partition];
  };
  const lanes = () => [...topics.values()].flatMap((topic) => topic.lanes.flatMap((lane) => lane ?? []));

  return {
    facts: new Map([...topics.values()].map(({ name, facts }) => [name, facts])),
    limit: (channel) => topicOf(channel)?.limit,
    send: async (message) => {
      const topic = topicOf(message.channel);
      if (topic === undefined || closing !== undefined) throw notOpen(message.channel, closing !== undefined);
      const bytes = wireBytes(message);
      if (bytes + BATCH_BYTES > topic.limit + MARGIN_BYTES) throw tooLarge(topic.name, bytes);
      await laneOf(topic, choosePartition(topic, message, laneOf)).send(toKafka(message), bytes);
    },
    lanes: () => lanes().map((lane) => lane.state()),
    renewals: () => [...topics.values()].reduce((sum, { producers }) => sum + producers.renewals(), 0),
    close: () => {
      closing ??= (async () => {
        clearInterval(refresh);
        await Promise.all(lanes().map((lane) => lane.idle()));
        await Promise.all([...topics.values()].map(({ producers }) => producers.close()));
        await admin.disconnect().catch(() => undefined);
      })();
      return closing;
    },
  };
}

interface Topic {
  readonly name: string;
  readonly facts: TopicFacts;
  partitions: number;
  /** Of one message: key, value and headers. */
  readonly limit: number;
  readonly producers: Producers;
  /** By partition; made when first used. */
  readonly lanes: (Lane<Message> | undefined)[];
  /** Where messages without a key go until a batch opens. */
  turn: number;
}

/** Messages without a key fill a batch of one partition, then the next one's. */
function choosePartition(
  topic: Topic,
  { key }: OutputMessage,
  laneOf: (topic: Topic, partition: number) => Lane<Message>,
): number {
  if (key !== undefined) return partitionOf(key, topic.partitions);
  if (laneOf(topic, topic.turn).fresh()) topic.turn = (topic.turn + 1) % topic.partitions;
  return topic.turn;
}

/**
 * New partitions take keys from old ones, as in Kafka's own clients: a key's order holds within a partition, not over
 * the moment when partitions are added. A topic never shrinks.
 */
async function lookForPartitions(admin: Admin, topics: Map<string, Topic>): Promise<void> {
  for (const topic of topics.values()) {
    try {
      topic.partitions = Math.max(topic.partitions, await countPartitions(admin, topic.name));
    } catch {
      // The sends report what is wrong with the cluster; what was known stays in use.
    }
  }
}

function notOpen(channel: Channel, closed: boolean): SpanmillError {
  return new SpanmillError(
    "INTERNAL",
    closed ? "A record was sent after the sink was closed." : `No topic is set for channel ${channel}.`,
  );
}

const UNKNOWN: TopicFacts = { partitions: 0, maxMessageBytes: undefined, compressionType: undefined };
const METADATA_MAX_AGE_MS = 60_000;
/** Kafka's default of max.message.bytes. */
export const ASSUMED_MESSAGE_BYTES = 1_048_588;
/** Room for the batch's head, the numbers of a record, and those of some eighty headers. */
const MARGIN_BYTES = 1_024;
