/** A worker's Kafka parts, looked at: what there is to read, and what the output topics take. */
import type { Compression } from "../adapters/kafka/codecs.js";
import type { Right } from "../adapters/kafka/rights.js";
import type { KafkaSink } from "../adapters/kafka/sink.js";
import { SpanmillError } from "../errors.js";
import type { Channel } from "../ports/sink.js";
import type { Look } from "./finding.js";
import { openKafkaOutput } from "./worker.js";
import type { SinkSetup, SourceSetup, WorkerHooks } from "./worker-setup.js";

type KafkaSource = Extract<SourceSetup, { kind: "kafka" }>;
type KafkaOutput = Extract<SinkSetup, { kind: "kafka" }>;

/**
 * Of this process: any may come, whatever the worker writes.
 *
 * @throws SpanmillError KAFKA_CODEC_MISSING
 */
export async function lookAtCodecs(): Promise<Look> {
  const { brokenCodecs, COMPRESSIONS } = await import("../adapters/kafka/codecs.js");
  const broken = await brokenCodecs();
  if (broken.length > 0) {
    const finding = `What is compressed by ${broken.join(", ")} is not read back as it was: run npm ci again`;
    return [{ status: "failed", finding, error: new SpanmillError("KAFKA_CODEC_MISSING", finding) }];
  }
  return [{ status: "ok", finding: `${COMPRESSIONS.slice(1).join(", ")} read what they wrote` }];
}

/** @throws SpanmillError CONFIG_INVALID, KAFKA_CONSUMER_FAILED */
export async function lookAtKafkaSource(
  { connection, settings }: KafkaSource,
  { tell }: WorkerHooks,
): Promise<Look> {
  const { openKafka } = await import("../adapters/kafka/client.js");
  const { lookAtInput } = await import("../adapters/kafka/look.js");
  const kafka = await openKafka(connection, (line) => tell({ from: "kafka", ...line }));
  const { groupId, topics } = settings;
  const found = await lookAtInput(kafka, groupId, topics);
  return [
    ...found.topics.flatMap(({ topic, partitions, unread, right }) => [
      {
        status: "ok" as const,
        finding: `topic ${topic}: ${partitions} partitions, ${unread} messages unread by group ${groupId}`,
      },
      ...lackOf(right, `topic ${topic}`),
    ]),
    ...lackOf(found.group, `group ${groupId}`),
  ];
}

function lackOf(right: Right, on: string): Look {
  switch (right.is) {
    case "given":
      return [];
    case "denied": {
      const finding = `The user may see ${on}, but has no READ right on it: grant READ`;
      return [{ status: "failed", finding, error: new SpanmillError("KAFKA_CONSUMER_FAILED", finding) }];
    }
    case "unknown":
      return [{ status: "warning", finding: `${on}: the right to READ was not checked (${right.cause})` }];
  }
}

/**
 * @param maxDocumentSize in bytes
 * @throws SpanmillError CONFIG_INVALID, KAFKA_CODEC_MISSING, SINK_*
 */
export async function lookAtKafkaSink(
  setup: KafkaOutput,
  maxDocumentSize: number,
  hooks: WorkerHooks,
): Promise<Look> {
  const sink = await openKafkaOutput(setup, hooks);
  try {
    return (Object.entries(setup.outputs) as [Channel, string][]).flatMap(([channel, topic]) => [
      limitOf(sink, channel, topic),
      ...repackedBy(sink, topic, setup.compression),
      ...(channel === "dead-letters" ? stubsIn(sink, topic, maxDocumentSize) : []),
    ]);
  } finally {
    await sink.close();
  }
}

function limitOf(sink: KafkaSink, channel: Channel, topic: string): Look[number] {
  const to = `${channel} to topic ${topic}`;
  const limit = sink.limit(channel);
  return sink.facts.get(topic)?.maxMessageBytes === undefined
    ? {
        status: "warning",
        finding: `${to}: how large its messages may be is not known, since the user may not read the topic's settings; ${limit} bytes are assumed. Grant DESCRIBE_CONFIGS on it`,
      }
    : { status: "ok", finding: `${to}, which takes messages of ${limit} bytes` };
}

/** A topic refuses no codec: what comes in another than its own the broker packs anew. */
function repackedBy(sink: KafkaSink, topic: string, compression: Compression): Look {
  const stated = sink.facts.get(topic)?.compressionType;
  // As Redpanda says it.
  const kept = stated === "none" ? "uncompressed" : stated;
  const sent = compression === "none" ? "uncompressed" : compression;
  if (kept === undefined || kept === "producer" || kept === sent) return [];
  const mend = `set --kafka-compression to ${kept === "uncompressed" ? "none" : kept}, or compression.type to producer`;
  return [
    {
      status: "warning",
      finding: `topic ${topic} keeps its records ${kept} (compression.type) and the worker sends them ${sent}, so the broker packs each batch anew: ${mend}`,
    },
  ];
}

function stubsIn(sink: KafkaSink, topic: string, maxDocumentSize: number): Look {
  const limit = sink.limit("dead-letters");
  if (limit === undefined || limit >= maxDocumentSize) return [];
  const finding = `dead letters of documents of more than ${limit} bytes keep but the first KB of them, and cannot be sent back: raise max.message.bytes of topic ${topic} above --max-document-size (${maxDocumentSize} bytes), or lower that`;
  return [{ status: "warning", finding }];
}
