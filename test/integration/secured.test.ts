/** The worker and its check over TLS with a certificate of its own, and a user by SCRAM: every client that they open. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spanmill, start } from "../support/command.js";
import { committed, produce } from "../support/kafka-members.js";
import { lookupFolder } from "../support/lookup-model.js";
import { makeCertificates } from "../support/servers/certificates.js";
import { installedKafka } from "../support/servers/installed.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { GaveUp, until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

const MODEL = lookupFolder();
const folder = temporaryFolder();
const foreign = temporaryFolder();

describe.skipIf(KAFKA_GIVEN)("over TLS with a client certificate, and SCRAM (KAFKA_BOOTSTRAP unset)", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({ sasl: { users: { worker: "s3cret" } }, tls: { clientAuth: true } });
    writeFileSync(join(folder, "username"), "worker\n");
    writeFileSync(join(folder, "password"), "s3cret\n");
    await makeCertificates(foreign, (await installedKafka()).openssl);
  }, 180_000);
  afterAll(() => kafka?.stop());

  /** @param of where the files of authority and certificate are, the broker's own unless said */
  async function secured(of: { readonly ca?: string; readonly cert?: string | null } = {}) {
    const [input, output] = await Promise.all([freshTopic(kafka.bootstrap), freshTopic(kafka.bootstrap)]);
    const group = freshGroup();
    const config = join(folder, `${group}.yaml`);
    const ours = kafka.secured!.certificates!.folder;
    const { ca = ours, cert = ours } = of;
    const own = cert === null ? "" : `cert-file: ${cert}/client.pem, key-file: ${cert}/client.key`;
    writeFileSync(
      config,
      `source: kafka
sink: kafka
model: ${MODEL}
threads: 1
max-document-size: 500kB
kafka:
  brokers: [${kafka.secured!.brokers}]
  group: ${group}
  topics: [${input}]
  session-timeout: 3s
  compression: gzip
  tls: { enabled: true, ca-file: ${ca}/ca.pem, ${own} }
  sasl:
    mechanism: scram-sha-512
    username-file: ${join(folder, "username")}
    password-file: ${join(folder, "password")}
channel: { documents: ${output}, entities: "", pos: "", chunks: "", dead-letters: "" }
`,
    );
    return { config, group, input, output };
  }

  it("a worker reads and writes", async () => {
    const { config, group, input, output } = await secured();
    const tickets = ["a", "b"].map((id) => ({
      key: id,
      value: `{"id":"${id}","text":"Alice Smith met Bob."}`,
    }));
    await produce(kafka.bootstrap, input, tickets);
    const worker = start(["run", "--config", config]);
    await until("both documents done", async () => {
      if (worker.process.exitCode !== null) throw new GaveUp((await worker.finished).stderr);
      return (await committed(kafka.bootstrap, input, group)).offset === "2";
    });
    worker.process.kill("SIGTERM");
    expect(await worker.finished).toMatchObject({ status: 0 });
    const { records } = await readTopic(kafka.bootstrap, output);
    expect(records.map(({ key }) => String(key))).toEqual(["a", "b"]);
  });

  it("doctor finds all fit", async () => {
    const { config, input } = await secured();
    const { status, stdout } = await spanmill(["doctor", "--config", config]);
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.not.stringContaining("FAILED") });
    expect(stdout).toContain(`topic ${input}: 1 partitions, 0 messages unread`);
  });

  it.concurrent.each([
    ["an authority that did not sign the brokers' certificate", { ca: foreign }, "--kafka-tls-ca-file"],
    ["a certificate by another authority", { cert: foreign }, "--kafka-tls-cert-file"],
    ["no certificate", { cert: null }, "--kafka-tls-cert-file"],
  ])(
    "%s is told as such, and where to mend it",
    async (_, of, mend) => {
      const { config } = await secured(of);
      const [doctor, worker] = await Promise.all([
        spanmill(["doctor", "--config", config, "--json"]),
        spanmill(["run", "--config", config]),
      ]);
      const failed = JSON.parse(doctor.stdout).checks.filter(
        ({ status }: { status: string }) => status === "failed",
      );
      const finding = expect.stringContaining(mend);
      expect(failed).toMatchObject([
        { check: "source", code: "KAFKA_CONSUMER_FAILED", finding },
        { check: "sink", code: "SINK_UNAVAILABLE", finding },
      ]);
      expect(doctor.status).toBe(5);
      expect(worker).toMatchObject({ status: 6, stderr: expect.stringMatching(`SINK_UNAVAILABLE.*${mend}`) });
      expect(worker.stderr + doctor.stdout).not.toMatch(/PRIVATE|s3cret/);
    },
    120_000,
  );
});
