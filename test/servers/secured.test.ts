import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { freshTopic } from "../support/servers/topics.js";

const START_MS = 180_000;
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const users = { alice: "secret-1", "bob-2": "secret 2" };

/** What a client of these settings gets written, or why not. */
async function write(kafka: KafkaServer, config: Partial<KafkaConfig>): Promise<string[]> {
  const topic = await freshTopic(kafka.bootstrap);
  const brokers = [...kafka.secured!.brokers];
  const retry = { retries: 1, initialRetryTime: 10 };
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING, retry, ...config }).producer();
  try {
    await producer.connect();
    await producer.send({ topic, messages: [{ value: "in" }] });
  } finally {
    await producer.disconnect();
  }
  return (await readTopic(kafka.bootstrap, topic)).records.map(({ value }) => String(value));
}

describe.skipIf(KAFKA_GIVEN)(
  "a broker with SASL and TLS (KAFKA_BOOTSTRAP unset)",
  { timeout: START_MS },
  () => {
    let kafka: KafkaServer;
    beforeAll(async () => {
      kafka = await startKafka({ sasl: { users }, tls: {} });
    }, START_MS);
    afterAll(() => kafka.stop());
    const ssl = () => ({ ca: kafka.secured!.certificates!.ca });

    it.each(MECHANISMS)("lets the users in by %s", async (mechanism) => {
      for (const [username, password] of Object.entries(users)) {
        expect(await write(kafka, { ssl: ssl(), sasl: { mechanism, username, password } as never })).toEqual([
          "in",
        ]);
      }
    });

    it.each(MECHANISMS)("refuses a wrong password by %s", async (mechanism) => {
      const sasl = { mechanism, username: "alice", password: "wrong" } as never;
      await expect(write(kafka, { ssl: ssl(), sasl })).rejects.toThrow(/uthentication/);
    });

    it("is not trusted without its authority, and does not speak plain text", async () => {
      const sasl = { mechanism: "plain", username: "alice", password: users.alice } as const;
      await expect(write(kafka, { ssl: true, sasl })).rejects.toThrow(/certificate|self.signed/i);
      await expect(write(kafka, { sasl })).rejects.toThrow();
    });
  },
);

describe.skipIf(KAFKA_GIVEN)(
  "a broker with SASL alone (KAFKA_BOOTSTRAP unset)",
  { timeout: START_MS },
  () => {
    it("lets a user in without TLS", async () => {
      const kafka = await startKafka({ sasl: { users } });
      const sasl = { mechanism: "scram-sha-256", username: "alice", password: users.alice } as const;
      expect(await write(kafka, { sasl })).toEqual(["in"]);
      await kafka.stop();
    });
  },
);

describe.skipIf(KAFKA_GIVEN)(
  "a broker that asks for certificates (KAFKA_BOOTSTRAP unset)",
  { timeout: START_MS },
  () => {
    it("lets in who has one by its authority", async () => {
      const kafka = await startKafka({ tls: { clientAuth: true } });
      const { ca, client } = kafka.secured!.certificates!;
      expect(await write(kafka, { ssl: { ca, ...client } })).toEqual(["in"]);
      await expect(write(kafka, { ssl: { ca } })).rejects.toThrow();
      await kafka.stop();
    });
  },
);
