import { randomUUID } from "node:crypto";
import { ConfigResourceTypes, Kafka, logLevel } from "kafkajs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Compression } from "../../../src/adapters/kafka/codecs.js";
import type { LaneEvent } from "../../../src/adapters/kafka/lane.js";
import { type KafkaSink, type KafkaSinkSettings, openKafkaSink } from "../../../src/adapters/kafka/sink.js";
import type { Channel } from "../../../src/ports/sink.js";
import { sinkContract } from "../../contract/sink.js";
import { KAFKA_GIVEN, startKafka } from "../../support/servers/kafka.js";
import { sharedKafka } from "../../support/servers/shared.js";
import { freshTopic } from "../../support/servers/topics.js";
import { until } from "../../support/servers/until.js";
import { type ReadMessage, readTopic } from "./read-topic.js";

let kafka: Awaited<ReturnType<typeof sharedKafka>>;
beforeAll(async () => {
  kafka = await sharedKafka();
}, 180_000);

const ALL: readonly Compression[] = ["none", "gzip", "snappy", "lz4", "zstd"];
for (const compression of ALL) {
  sinkContract({
    name: `kafka (${compression})`,
    open: async () => {
      const config = { "max.message.bytes": "20000" };
      const topics = {
        documents: await freshTopic(kafka.bootstrap, 3, { config }),
        entities: await freshTopic(kafka.bootstrap, 1, { config }),
      };
      const sink = await open({ topics, compression });
      return { sink, read: async (channel) => (await read(topics, channel)).map(found) };
    },
    keepsKeys: true,
    keepsHeaders: true,
    keepsTombstones: true,
  });
}

describe("the Kafka sink", () => {
  test("names every missing topic, and how to make one", async () => {
    const documents = await freshTopic(kafka.bootstrap);
    const [entities, pos] = [`no-${randomUUID()}`, `no-${randomUUID()}`];
    const opening = open({ topics: { documents, entities, pos } });
    await expect(opening).rejects.toMatchObject({ code: "SINK_TOPIC_MISSING" });
    await expect(opening).rejects.toThrow(`${entities}, ${pos}`);
    await expect(opening).rejects.toThrow("kafka-topics.sh --create");
    await expect(opening).rejects.not.toThrow(documents);
  });

  test("says that nothing can be reached", async () => {
    const connection = { brokers: ["127.0.0.1:1"], clientId: "spanmill-test" };
    await expect(open({ connection, topics: { documents: "t" } })).rejects.toMatchObject({
      code: "SINK_UNAVAILABLE",
    });
  });

  test("opening writes nothing, though it asks for the right to write", async () => {
    const documents = await freshTopic(kafka.bootstrap);
    const sink = await open({ topics: { documents } });
    await sink.close();
    expect(await readTopic(kafka.brokers, documents)).toEqual([]);
  });

  test.each([
    ["fills batches as far as their topic takes them", "20000", undefined, false],
    ["halves a batch that is too large for its topic until it fits", "200000", "20000", true],
  ])("%s", async (_, before, after, splits) => {
    const config = { "max.message.bytes": before };
    const documents = await freshTopic(kafka.bootstrap, 1, { config });
    const events: LaneEvent[] = [];
    const sink = await open({ topics: { documents }, report: (event) => events.push(event) });
    if (after !== undefined) await lowerLimit(sink, documents, after);
    const values = Array.from({ length: 60 }, (_, at) => `${at} ${"x".repeat(3_000)}`);
    await Promise.all(values.map((value) => send(sink, "k", value)));
    const found = (await readTopic(kafka.brokers, documents)).map(({ value }) => value?.toString());
    expect(found.filter((value) => value !== PROBE)).toEqual(values);
    expect(events.some(({ kind }) => kind === "split")).toBe(splits);
    await sink.close();
  });

  test("spreads records without a key", async () => {
    const documents = await freshTopic(kafka.bootstrap, 3);
    const sink = await open({ topics: { documents } });
    await Promise.all(Array.from({ length: 1_200 }, (_, at) => send(sink, undefined, `${at}`)));
    const partitions = new Set((await readTopic(kafka.brokers, documents)).map(({ partition }) => partition));
    expect(partitions.size).toBe(3);
    await sink.close();
  });

  test("uses partitions that are added, and still reaches the old ones", async () => {
    const documents = await freshTopic(kafka.bootstrap, 1);
    const sink = await open({ topics: { documents }, metadataMaxAge: 200 });
    await send(sink, "k", "before");
    const admin = client().admin();
    await admin.connect();
    await admin.createPartitions({ topicPartitions: [{ topic: documents, count: 4 }] });
    await admin.disconnect();
    await expect
      .poll(
        async () => {
          await Promise.all(Array.from({ length: 40 }, (_, at) => send(sink, `key ${at}`, `${at}`)));
          return sink.lanes().length;
        },
        { timeout: 20_000, interval: 100 },
      )
      .toBe(4);
    const found = await readTopic(kafka.brokers, documents);
    expect(new Set(found.map(({ partition }) => partition)).size).toBe(4);
    await sink.close();
  });

  test("a topic that is deleted ends what waits for it, with its name", async () => {
    const documents = await freshTopic(kafka.bootstrap, 1);
    const entities = await freshTopic(kafka.bootstrap, 1);
    const sink = await open({ topics: { documents, entities }, patience: { lasting: 500 } });
    await send(sink, "k", "before");
    const admin = client().admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [documents] });
    await admin.disconnect();
    await expect(send(sink, "k", "after")).rejects.toMatchObject({ code: "SINK_TOPIC_MISSING" });
    await sink.send({ channel: "entities", key: undefined, value: Buffer.from("1"), headers: [] });
    await sink.close();
  });

  test("a topic that takes no record without a key is named, not waited for", async () => {
    const config = { "cleanup.policy": "compact" };
    const documents = await freshTopic(kafka.bootstrap, 1, { config });
    const sink = await open({ topics: { documents }, patience: { lasting: 500 } });
    await expect(send(sink, undefined, "x")).rejects.toMatchObject({ code: "SINK_UNAVAILABLE" });
    await expect(send(sink, undefined, "x")).rejects.toThrow("cleanup.policy");
    await sink.close();
  });

  test.skipIf(KAFKA_GIVEN)(
    "waits while no broker is there, says so, and goes on",
    async () => {
      const own = await startKafka();
      try {
        const documents = await freshTopic(own.bootstrap, 2);
        const events: LaneEvent[] = [];
        const sink = await open({
          connection: { brokers: own.brokers, clientId: "spanmill-test" },
          topics: { documents },
          report: (event) => events.push(event),
          patience: { stall: 500, mostWait: 500 },
        });
        await send(sink, "k", "before");
        await own.kill(1);
        const waiting = Promise.all(Array.from({ length: 100 }, (_, at) => send(sink, `k${at}`, `${at}`)));
        await expect
          .poll(() => events.some(({ kind }) => kind === "stalled"), { timeout: 20_000 })
          .toBe(true);
        expect(sink.lanes().reduce((sum, { records }) => sum + records, 0)).toBe(100);
        await own.restart(1);
        await waiting;
        expect(events.some(({ kind }) => kind === "recovered")).toBe(true);
        expect(await readTopic(own.brokers, documents)).toHaveLength(101);
        await sink.close();
      } finally {
        await own.stop();
      }
    },
    120_000,
  );
});

type Change = Partial<KafkaSinkSettings> & Pick<KafkaSinkSettings, "topics">;

function open(change: Change): Promise<KafkaSink> {
  return openKafkaSink({
    connection: { brokers: kafka.brokers, clientId: "spanmill-test" },
    compression: "none",
    clock: { now: () => performance.now(), wall: () => Date.now() },
    log: () => {},
    report: () => {},
    ...change,
  });
}

function client(): Kafka {
  return new Kafka({ brokers: [...kafka.brokers], logLevel: logLevel.NOTHING });
}

/** Of the topic, which the sink has already opened. Kept when it holds. */
async function lowerLimit(sink: KafkaSink, topic: string, limit: string): Promise<void> {
  const admin = client().admin();
  await admin.connect();
  const configEntries = [{ name: "max.message.bytes", value: limit }];
  await admin.alterConfigs({
    validateOnly: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
  });
  await admin.disconnect();
  await until("the new limit", () =>
    send(sink, "probe", PROBE).then(
      () => false,
      (error) => error.code === "SINK_TOO_LARGE",
    ),
  );
}

const PROBE = "p".repeat(30_000);

function send(sink: KafkaSink, key: string | undefined, value: string): Promise<void> {
  return sink.send({
    channel: "documents",
    key: key === undefined ? undefined : Buffer.from(key),
    value: Buffer.from(value),
    headers: [],
  });
}

function read(topics: Readonly<Partial<Record<Channel, string>>>, channel: Channel): Promise<ReadMessage[]> {
  return readTopic(kafka.brokers, topics[channel] ?? "");
}

function found({ key, value, headers }: ReadMessage) {
  const pairs = Object.entries(headers ?? {}).flatMap(([name, values]) =>
    [values ?? []].flat().map((header) => [name, header.toString()] as const),
  );
  return { key: key ?? undefined, value: value ?? undefined, headers: pairs };
}
