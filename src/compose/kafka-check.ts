/** A worker's Kafka parts, looked at: what there is to read, and what the output topics take. */
import type { Right } from "../adapters/kafka/rights.js";
import { SpanmillError } from "../errors.js";
import type { Channel } from "../ports/sink.js";
import type { Look } from "./finding.js";
import { openSink } from "./worker.js";
import type { SinkSetup, SourceSetup, WorkerHooks } from "./worker-setup.js";

type KafkaSource = Extract<SourceSetup, { kind: "kafka" }>;
type KafkaSink = Extract<SinkSetup, { kind: "kafka" }>;

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

/** @throws SpanmillError CONFIG_INVALID, SINK_* */
export async function lookAtKafkaSink(setup: KafkaSink, hooks: WorkerHooks): Promise<Look> {
  const outputs = Object.entries(setup.outputs) as [Channel, string][];
  let assumed: readonly string[] = [];
  const tell: WorkerHooks["tell"] = (event) => {
    if (event.from === "process" && event.kind === "limit-assumed") assumed = event.topics;
    hooks.tell(event);
  };
  const sink = await openSink(setup, { ...hooks, tell });
  try {
    return outputs.map(([channel, topic]) => {
      const to = `${channel} to topic ${topic}`;
      const limit = sink.limit(channel);
      return assumed.includes(topic)
        ? {
            status: "warning",
            finding: `${to}: how large its messages may be is not known, since the user may not read the topic's settings; ${limit} bytes are assumed. Grant DESCRIBE_CONFIGS on it`,
          }
        : { status: "ok", finding: `${to}, which takes messages of ${limit} bytes` };
    });
  } finally {
    await sink.close();
  }
}
