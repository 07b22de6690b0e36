/**
 * kafkajs 2.2.4 takes the sequence numbers of a failed idempotent send back, and gives them to the send that waits
 * behind it. Where only the answer was lost, the broker takes that one for a repetition: it is acknowledged and never
 * written, and the first is written twice.
 */
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KafkaSink, openKafkaSink } from "../../src/adapters/kafka/sink.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { freshTopic } from "../support/servers/topics.js";

const PRODUCE = 0;

describe.skipIf(KAFKA_GIVEN)("when an answer is lost", () => {
  let server: KafkaServer;
  beforeAll(async () => {
    server = await startKafka({ proxied: true });
  }, 180_000);
  afterAll(() => server?.stop());

  test("unprotected sends at once are all acknowledged, and one is lost while another stands twice", async () => {
    let found: (string | undefined)[] = [];
    // It takes a broker that answers in time.
    for (let tries = 1; tries <= 5 && !isLoss(found); tries++) found = await sentUnprotected();
    expect(found).toHaveLength(4);
    expect(new Set(found).size).toBe(3);
  }, 180_000);

  const isLoss = (found: readonly unknown[]) => found.length === 4 && new Set(found).size === 3;

  /** What the topic holds after four sends, of which one answer was lost, and all were acknowledged. */
  async function sentUnprotected(): Promise<(string | undefined)[]> {
    const topic = await freshTopic(server.bootstrap);
    const kafka = new Kafka({ brokers: [...proxied().brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ idempotent: true, createPartitioner: () => () => 0 });
    await producer.connect();
    await producer.send({ topic, messages: [{ value: "before" }] });
    dropAnswers(1);
    await Promise.all(["A", "B", "C"].map((value) => producer.send({ topic, messages: [{ value }] })));
    await producer.disconnect();
    return valuesOf(topic);
  }

  test("the lane writes A, B, C", async () => {
    const topic = await freshTopic(server.bootstrap);
    const sink = await open(topic);
    await send(sink, "before");
    dropAnswers(1);
    const sends: Promise<void>[] = [];
    for (const value of ["A", "B", "C"]) {
      sends.push(send(sink, value));
      await new Promise(setImmediate);
    }
    await Promise.all(sends);
    expect(proxied().proxies[0]!.dropped()).toBeGreaterThan(0);
    await sink.close();
    expect(await valuesOf(topic)).toEqual(["before", "A", "B", "C"]);
    expect(sink.renewals()).toBe(0);
  }, 180_000);

  test("over many lost answers the lane loses none, doubles none, and keeps the order", async () => {
    const topic = await freshTopic(server.bootstrap);
    const sink = await open(topic);
    const before = proxied().proxies[0]!.dropped();
    const sends: Promise<void>[] = [];
    for (let round = 0; round < 8; round++) {
      dropAnswers(1);
      for (let at = 0; at < 50; at++) sends.push(send(sink, String(sends.length)));
      await sends.at(-50);
    }
    await Promise.all(sends);
    expect(proxied().proxies[0]!.dropped() - before).toBe(8);
    await sink.close();
    expect(await valuesOf(topic)).toEqual(sends.map((_, at) => String(at)));
  }, 180_000);

  function proxied() {
    return server.proxied!;
  }

  function dropAnswers(times: number): void {
    proxied().proxies[0]!.dropAnswers(PRODUCE, { times });
  }

  async function valuesOf(topic: string): Promise<(string | undefined)[]> {
    return (await readTopic(server.bootstrap, topic)).records.map(({ value }) => value?.toString());
  }

  function open(topic: string): Promise<KafkaSink> {
    return openKafkaSink({
      connection: { brokers: proxied().brokers, clientId: "spanmill-test" },
      topics: { documents: topic },
      compression: "none",
      clock: { now: () => performance.now(), wall: () => Date.now() },
      log: () => {},
      report: () => {},
    });
  }
});

function send(sink: KafkaSink, value: string): Promise<void> {
  return sink.send({
    channel: "documents",
    key: Buffer.from("k"),
    value: Buffer.from(value),
    headers: [],
  });
}
