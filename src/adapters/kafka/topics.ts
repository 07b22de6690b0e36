import kafkajs, { type Admin, type Kafka } from "kafkajs";
import { SpanmillError } from "../../errors.js";
import { forbidden, missing, unauthenticated, unreachable } from "./failure.js";
import { type KafkaErrorFacts, kafkaErrorFacts } from "./log.js";

export interface TopicFacts extends TopicSettings {
  readonly partitions: number;
}

/** Undefined where this user may not read them. */
export interface TopicSettings {
  /** Of a batch. */
  readonly maxMessageBytes: number | undefined;
  /** How batches are kept: a codec's name, `uncompressed`, or `producer`, as they come. */
  readonly compressionType: string | undefined;
}

/**
 * Looks at every topic before the first record is sent.
 *
 * @throws SpanmillError SINK_TOPIC_MISSING and SINK_FORBIDDEN naming every topic concerned, SINK_UNAVAILABLE
 */
export async function readTopics(
  admin: Admin,
  topics: readonly string[],
): Promise<ReadonlyMap<string, TopicFacts>> {
  const facts = new Map<string, TopicFacts>();
  const absent: string[] = [];
  const denied: string[] = [];
  for (const topic of topics) {
    try {
      facts.set(topic, {
        partitions: await countPartitions(admin, topic),
        ...(await readSettings(admin, topic)),
      });
    } catch (error) {
      const { code } = kafkaErrorFacts(error);
      if (code === "UNKNOWN_TOPIC_OR_PARTITION" || code === "INVALID_TOPIC_EXCEPTION") absent.push(topic);
      else if (code === DENIED) denied.push(topic);
      else throw openingFailure(error);
    }
  }
  if (absent.length > 0) throw missing(absent);
  if (denied.length > 0) throw forbidden(denied, DENIED);
  return facts;
}

export async function countPartitions(admin: Admin, topic: string): Promise<number> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions.length ?? 0;
}

/**
 * Asks whether this user may write to the topics, and writes nothing: the broker looks at the right first, and then
 * refuses the number of acknowledgements that is asked for.
 *
 * @throws SpanmillError SINK_FORBIDDEN naming every topic that may not be written to, SINK_UNAVAILABLE
 */
export async function requireWriteRight(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const producer = kafka.producer({
    retry: { retries: 1 },
    allowAutoTopicCreation: false,
    createPartitioner: () => () => 0,
  });
  const denied: string[] = [];
  try {
    await producer.connect();
    for (const topic of topics) {
      const code = await refusalOf(producer.send({ topic, acks: NO_SUCH_ACKS, messages: [{ value: null }] }));
      if (code === DENIED) denied.push(topic);
    }
  } catch (error) {
    throw openingFailure(error);
  } finally {
    await producer.disconnect().catch(() => undefined);
  }
  if (denied.length > 0) throw forbidden(denied, DENIED);
}

/** What keeps a sink from opening. */
export function openingFailure(error: unknown): SpanmillError {
  if (error instanceof SpanmillError) return error;
  const facts = kafkaErrorFacts(error);
  return isUnauthenticated(facts) ? unauthenticated() : unreachable(error);
}

function isUnauthenticated({ names, code }: KafkaErrorFacts): boolean {
  return names.includes("KafkaJSSASLAuthenticationError") || code === "SASL_AUTHENTICATION_FAILED";
}

async function refusalOf(sending: Promise<unknown>): Promise<string | undefined> {
  try {
    await sending;
    return undefined;
  } catch (error) {
    return kafkaErrorFacts(error).code;
  }
}

// Node sees only some of the names that this CommonJS package exports.
const { ConfigResourceTypes } = kafkajs;

/** A right of its own (DESCRIBE_CONFIGS); without it the worker can do its work. */
async function readSettings(admin: Admin, topic: string): Promise<TopicSettings> {
  try {
    const configNames = ["max.message.bytes", "compression.type"];
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames }],
    });
    const settingOf = (name: string) =>
      resources[0]?.configEntries.find(({ configName }) => configName === name)?.configValue;
    const bytes = Number(settingOf("max.message.bytes"));
    return {
      maxMessageBytes: Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined,
      compressionType: settingOf("compression.type"),
    };
  } catch (error) {
    if (kafkaErrorFacts(error).code !== DENIED) throw error;
    return { maxMessageBytes: undefined, compressionType: undefined };
  }
}

const DENIED = "TOPIC_AUTHORIZATION_FAILED";
const NO_SUCH_ACKS = 2;
