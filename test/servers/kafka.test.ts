import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { readMetadata } from "../support/servers/metadata.js";
import { moveLeader } from "../support/servers/move-leader.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";

const START_MS = 180_000;

/** Sends with the default partitioner and gives back when Kafka has acknowledged. */
async function produce(bootstrap: string, topic: string, values: readonly string[]): Promise<void> {
  const producer = client(bootstrap).producer();
  await producer.connect();
  await producer.send({ topic, messages: values.map((value) => ({ value })) });
  await producer.disconnect();
}

function client(bootstrap: string): Kafka {
  return new Kafka({ brokers: bootstrap.split(","), logLevel: logLevel.NOTHING, retry: { retries: 20 } });
}

async function values(bootstrap: string, topic: string): Promise<string[]> {
  const { records } = await readTopic(bootstrap, topic);
  return records.map(({ value }) => String(value)).sort();
}

describe("the shared broker", { timeout: START_MS }, () => {
  it("is one for all who ask", async () => {
    const [one, other] = await Promise.all([sharedKafka(), sharedKafka()]);
    expect(one.bootstrap).toBe(other.bootstrap);
    expect(one.brokers.length).toBeGreaterThan(0);
  });

  it("serves a consumer group of kafkajs", async () => {
    const { bootstrap } = await sharedKafka();
    const topic = await freshTopic(bootstrap, 2);
    await produce(bootstrap, topic, ["a", "b"]);
    const consumer = client(bootstrap).consumer({ groupId: freshGroup() });
    const seen = new Set<string>();
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({ eachMessage: async ({ message }) => void seen.add(String(message.value)) });
    await until("both messages", () => seen.size === 2);
    await consumer.disconnect();
    expect([...seen].sort()).toEqual(["a", "b"]);
  });

  it("gives every test its own topic and group", async () => {
    const { bootstrap } = await sharedKafka();
    const topics = await Promise.all([freshTopic(bootstrap, 3), freshTopic(bootstrap)]);
    expect(new Set([...topics, freshGroup(), freshGroup()]).size).toBe(4);
    const { partitions } = await readMetadata(bootstrap.split(",")[0]!, [topics[0]]);
    expect(partitions).toHaveLength(3);
  });
});

describe.skipIf(KAFKA_GIVEN)("a broker of one's own (KAFKA_BOOTSTRAP unset)", { timeout: START_MS }, () => {
  let folder: string;
  let kafka: KafkaServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "spanmill-test-"));
    kafka = await startKafka({ dataDirectory: folder, properties: { "message.max.bytes": "2000" } });
  }, START_MS);
  afterAll(async () => {
    await kafka.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it("has the properties that were asked for", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    await expect(produce(kafka.bootstrap, topic, ["x".repeat(3000)])).rejects.toThrow(/larger/);
    expect(await kafka.logs(1)).toBe(await kafka.logs());
  });

  it("keeps acknowledged records over kill -9 and a start on the same port", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    await produce(kafka.bootstrap, topic, ["before"]);
    const first = kafka.pid(1)!;
    await kafka.kill(1);
    expect(kafka.pid(1)).toBeUndefined();
    expect(() => process.kill(first, 0)).toThrow(/ESRCH/);
    await expect(kafka.kill(1)).rejects.toThrow("broker 1 does not run");
    await kafka.restart(1);
    await produce(kafka.bootstrap, topic, ["after"]);
    expect(await values(kafka.bootstrap, topic)).toEqual(["after", "before"]);
  });

  it("stands still on SIGSTOP and goes on", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    await kafka.kill(1, "SIGSTOP");
    let sent = false;
    const sending = produce(kafka.bootstrap, topic, ["late"]).then(() => {
      sent = true;
    });
    expect(sent).toBe(false);
    await kafka.kill(1, "SIGCONT");
    await sending;
    expect(await values(kafka.bootstrap, topic)).toEqual(["late"]);
  });

  it("leaves a given folder in place, and another start finds what is in it", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    await produce(kafka.bootstrap, topic, ["kept"]);
    await kafka.stop();
    expect(existsSync(join(folder, "broker-1", "data"))).toBe(true);
    kafka = await startKafka({ dataDirectory: folder });
    expect(await values(kafka.bootstrap, topic)).toEqual(["kept"]);
  });
});

describe.skipIf(KAFKA_GIVEN)("three brokers (KAFKA_BOOTSTRAP unset)", { timeout: START_MS }, () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({ brokers: 3 });
  }, START_MS);
  afterAll(() => kafka.stop());

  const leader = async (topic: string) =>
    (await readMetadata(kafka.brokers[0]!, [topic])).partitions[0]!.leader;

  it("all answer kafkajs, and keep three replicas", async () => {
    const admin = client(kafka.bootstrap).admin();
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    await admin.disconnect();
    expect(brokers.map(({ nodeId }) => nodeId).sort()).toEqual([1, 2, 3]);
    const topic = await freshTopic(kafka.bootstrap);
    const { partitions } = await readMetadata(kafka.brokers[0]!, [topic]);
    expect(partitions[0]!.replicas.toSorted()).toEqual([1, 2, 3]);
  });

  it("let a leader be moved to each of them, and lose nothing", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    const first = await leader(topic);
    const others = [1, 2, 3].filter((id) => id !== first);
    for (const to of [...others, first]) {
      await moveLeader(kafka.brokers, { topic, partition: 0, to });
      expect(await leader(topic)).toBe(to);
      await produce(kafka.bootstrap, topic, [`to ${to}`]);
    }
    expect(await values(kafka.bootstrap, topic)).toEqual(["to 1", "to 2", "to 3"]);
  });

  it("refuse to move a leader to where no replica is", async () => {
    const topic = await freshTopic(kafka.bootstrap, 1, { replicas: 1 });
    const to = ((await leader(topic)) % 3) + 1;
    await expect(moveLeader(kafka.brokers, { topic, partition: 0, to })).rejects.toThrow(/no replica/);
  });

  it("go on when one is killed, which comes back", async () => {
    const topic = await freshTopic(kafka.bootstrap);
    await moveLeader(kafka.brokers, { topic, partition: 0, to: 2 });
    await kafka.kill(2);
    await until("another leader", async () => ![2, -1].includes(await leader(topic)));
    await produce(kafka.bootstrap, topic, ["without 2"]);
    await kafka.restart(2);
    await until("broker 2 in sync", async () => {
      const { partitions } = await readMetadata(kafka.brokers[0]!, [topic]);
      return partitions[0]!.inSync.includes(2);
    });
    expect(await values(kafka.bootstrap, topic)).toEqual(["without 2"]);
  });
});

describe("a broker given by KAFKA_BOOTSTRAP", () => {
  it("is handed on, and cannot be killed or configured", async () => {
    vi.stubEnv("KAFKA_BOOTSTRAP", "kafka.example:9092,kafka.example:9093");
    vi.resetModules();
    const given = await import("../support/servers/kafka.js");
    vi.unstubAllEnvs();
    expect(given.KAFKA_GIVEN).toBe(true);
    vi.stubEnv("KAFKA_BOOTSTRAP", "kafka.example:9092,kafka.example:9093");
    const kafka = await given.startKafka();
    expect(kafka.brokers).toEqual(["kafka.example:9092", "kafka.example:9093"]);
    await expect(kafka.kill(1)).rejects.toThrow(/KAFKA_BOOTSTRAP/);
    await expect(kafka.restart(1)).rejects.toThrow(/KAFKA_BOOTSTRAP/);
    await expect(given.startKafka({ brokers: 3 })).rejects.toThrow(/brokers: unset KAFKA_BOOTSTRAP/);
    vi.unstubAllEnvs();
  });
});
