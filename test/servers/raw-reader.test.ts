import { CompressionTypes, Kafka, logLevel } from "kafkajs";
import { describe, expect, it } from "vitest";
import { KAFKA_GIVEN, startKafka } from "../support/servers/kafka.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshTopic } from "../support/servers/topics.js";

const START_MS = 180_000;

describe("the reader that checks", { timeout: START_MS }, () => {
  const codecs = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP };
  it.each(Object.entries(codecs))("reads what kafkajs wrote (%s)", async (_, compression) => {
    const { bootstrap } = await sharedKafka();
    const topic = await freshTopic(bootstrap, 3);
    const messages = Array.from({ length: 500 }, (_, i) => ({
      partition: i % 3,
      key: i % 5 === 0 ? null : Buffer.from(`key ${i} é😀`),
      value: i % 7 === 0 ? null : Buffer.alloc(i * 3, i),
      timestamp: String(1_700_000_000_000 + i * 1000 - (i % 2) * 5000),
      headers: { number: String(i), empty: "", twice: ["1", "2"] },
    }));
    const producer = new Kafka({ brokers: bootstrap.split(","), logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    for (let at = 0; at < messages.length; at += 100) {
      await producer.send({ topic, compression, messages: messages.slice(at, at + 100) });
    }
    await producer.disconnect();

    const { records, ranges } = await readTopic(bootstrap, topic);
    expect([...ranges].map(([, range]) => range)).toEqual([
      { low: 0n, high: 167n },
      { low: 0n, high: 167n },
      { low: 0n, high: 166n },
    ]);
    const expected = [0, 1, 2].flatMap((partition) =>
      messages
        .filter((message) => message.partition === partition)
        .map(({ key, value, timestamp, headers }, offset) => ({
          partition,
          offset: BigInt(offset),
          timestamp: BigInt(timestamp),
          key,
          value,
          headers: [
            ["number", Buffer.from(headers.number)],
            ["empty", Buffer.from("")],
            ["twice", Buffer.from("1")],
            ["twice", Buffer.from("2")],
          ],
        })),
    );
    expect(records).toEqual(expected);
  });

  it("reads more than one answer holds", async () => {
    const { bootstrap } = await sharedKafka();
    const topic = await freshTopic(bootstrap);
    const producer = new Kafka({ brokers: bootstrap.split(","), logLevel: logLevel.NOTHING }).producer();
    await producer.connect();
    for (let i = 0; i < 12; i++)
      await producer.send({ topic, messages: [{ value: Buffer.alloc(900_000, i) }] });
    await producer.disconnect();
    const { records } = await readTopic(bootstrap, topic);
    expect(records.map(({ value }) => value![0])).toEqual(Array.from({ length: 12 }, (_, i) => i));
  });

  it("begins where records still exist", async () => {
    const { bootstrap } = await sharedKafka();
    const topic = await freshTopic(bootstrap);
    const kafka = new Kafka({ brokers: bootstrap.split(","), logLevel: logLevel.NOTHING });
    const [producer, admin] = [kafka.producer(), kafka.admin()];
    await Promise.all([producer.connect(), admin.connect()]);
    await producer.send({ topic, messages: ["a", "b", "c", "d"].map((value) => ({ value })) });
    await admin.fetchTopicOffsets(topic); // deleteTopicRecords takes it that kafkajs knows the topic
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "2" }] });
    await Promise.all([producer.disconnect(), admin.disconnect()]);
    const { records, ranges } = await readTopic(bootstrap, topic);
    expect(ranges.get(0)).toEqual({ low: 2n, high: 4n });
    expect(records.map(({ offset, value }) => [offset, String(value)])).toEqual([
      [2n, "c"],
      [3n, "d"],
    ]);
  });

  it("says that a topic does not exist", async () => {
    const { bootstrap } = await sharedKafka();
    await expect(readTopic(bootstrap, "t-none")).rejects.toThrow("topic t-none: Kafka's error 3");
  });

  it("leaves markers of transactions out", async () => {
    const { bootstrap } = await sharedKafka();
    const topic = await freshTopic(bootstrap);
    const kafka = new Kafka({ brokers: bootstrap.split(","), logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ transactionalId: topic, idempotent: true, maxInFlightRequests: 1 });
    await producer.connect();
    for (const value of ["a", "b"]) {
      const transaction = await producer.transaction();
      await transaction.send({ topic, messages: [{ value }] });
      await transaction.commit();
    }
    await producer.disconnect();
    const { records, ranges } = await readTopic(bootstrap, topic);
    expect(records.map(({ value }) => String(value))).toEqual(["a", "b"]);
    expect(ranges.get(0)!.high).toBe(4n);
  });
});

describe.skipIf(KAFKA_GIVEN)("the reader that checks, with a broker down (KAFKA_BOOTSTRAP unset)", () => {
  it("asks another", { timeout: START_MS }, async () => {
    const kafka = await startKafka();
    const topic = await freshTopic(kafka.bootstrap);
    const nobody = "127.0.0.1:9";
    expect((await readTopic(`${nobody},${kafka.bootstrap}`, topic)).records).toEqual([]);
    await kafka.stop();
  });
});
