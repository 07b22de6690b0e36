import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type KafkaConnection, SASL_MECHANISMS } from "../../../src/adapters/kafka/client.js";
import { type KafkaSink, openKafkaSink } from "../../../src/adapters/kafka/sink.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../../support/servers/kafka.js";
import { readTopic } from "../../support/servers/raw-reader.js";
import { freshTopic } from "../../support/servers/topics.js";

describe.skipIf(KAFKA_GIVEN)("over TLS, with a user and a password from files", () => {
  let server: KafkaServer;
  let folder: string;
  beforeAll(async () => {
    server = await startKafka({ sasl: { users: { worker: "s3cret" } }, tls: {} });
    folder = await mkdtemp(join(tmpdir(), "spanmill-secured-"));
    await writeFile(join(folder, "username"), "worker\n");
    await writeFile(join(folder, "password"), "s3cret\n");
    await writeFile(join(folder, "wrong"), "s3crets\n");
    await writeFile(join(folder, "ca.pem"), server.secured!.certificates!.ca);
  }, 180_000);
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(SASL_MECHANISMS)("%s is accepted", async (mechanism) => {
    const topic = await freshTopic(server.bootstrap);
    const sink = await open(topic, mechanism, "password");
    await sink.send({ channel: "documents", key: undefined, value: Buffer.from("1"), headers: [] });
    await sink.close();
    expect((await readTopic(server.bootstrap, topic)).records).toHaveLength(1);
  });

  test.each(SASL_MECHANISMS)("%s with a wrong password is named, without the password", async (mechanism) => {
    const opening = open(await freshTopic(server.bootstrap), mechanism, "wrong");
    await expect(opening).rejects.toMatchObject({ code: "SINK_FORBIDDEN" });
    await expect(opening).rejects.not.toThrow("s3cret");
  });

  function open(
    topic: string,
    mechanism: (typeof SASL_MECHANISMS)[number],
    passwordFile: string,
  ): Promise<KafkaSink> {
    const { brokers } = server.secured!;
    const connection: KafkaConnection = {
      brokers,
      clientId: "spanmill-test",
      tls: { ca: join(folder, "ca.pem") },
      sasl: {
        mechanism,
        usernameFile: join(folder, "username"),
        passwordFile: join(folder, passwordFile),
      },
    };
    return openKafkaSink({
      connection,
      topics: { documents: topic },
      compression: "none",
      clock: { now: () => performance.now(), wall: () => Date.now() },
      log: () => {},
      report: () => {},
    });
  }
});
