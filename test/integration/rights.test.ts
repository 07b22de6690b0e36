/** Rights that a user lacks are told by `run --dry-run` and `doctor`, before anything is read. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import kafkajs, { type AclEntry } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { records, spanmill, start } from "../support/command.js";
import { committed, produce, withAdmin } from "../support/kafka-members.js";
import { lookupFolder } from "../support/lookup-model.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const MODEL = lookupFolder();
const folder = temporaryFolder();

/** What the user may do; the rest is denied. */
interface Rights {
  readonly read?: boolean | "describe";
  readonly group?: boolean | "describe";
  readonly write?: boolean;
  /** Of the output topics. */
  readonly settings?: boolean;
}

describe.skipIf(KAFKA_GIVEN)("a user without a right (KAFKA_BOOTSTRAP unset)", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka({
      sasl: { users: { worker: "s3cret" } },
      properties: {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        // Whoever comes by the plain listener: brokers, controllers, and the tests.
        "super.users": "User:ANONYMOUS",
      },
    });
    writeFileSync(join(folder, "username"), "worker\n");
    writeFileSync(join(folder, "password"), "s3cret\n");
  }, 180_000);
  afterAll(() => kafka?.stop());

  async function configured(rights: Rights) {
    const [input, output, letters] = (await Promise.all([
      freshTopic(kafka.bootstrap),
      freshTopic(kafka.bootstrap),
      freshTopic(kafka.bootstrap),
    ])) as [string, string, string];
    const group = freshGroup();
    const { GROUP, TOPIC } = AclResourceTypes;
    const { DESCRIBE, DESCRIBE_CONFIGS, READ, WRITE } = AclOperationTypes;
    const outputs = [output, letters];
    const acl = [
      ...(rights.read === false ? [] : [allow(TOPIC, input, DESCRIBE)]),
      ...((rights.read ?? true) === true ? [allow(TOPIC, input, READ)] : []),
      ...(rights.group === false ? [] : [allow(GROUP, group, rights.group === "describe" ? DESCRIBE : READ)]),
      ...outputs.map((topic) => allow(TOPIC, topic, DESCRIBE)),
      ...(rights.write === false ? [] : outputs.map((topic) => allow(TOPIC, topic, WRITE))),
      ...(rights.settings === true ? outputs.map((topic) => allow(TOPIC, topic, DESCRIBE_CONFIGS)) : []),
    ];
    await withAdmin(kafka.bootstrap, async (admin) => {
      await admin.createAcls({ acl });
      for (const rule of acl)
        await until("the right", async () => (await admin.describeAcls(rule)).resources.length > 0);
    });
    const config = join(folder, `${group}.yaml`);
    writeFileSync(
      config,
      `source: kafka
sink: kafka
model: ${MODEL}
threads: 1
max-document-size: 1000kB
kafka:
  brokers: [${kafka.secured!.brokers}]
  group: ${group}
  topics: [${input}]
  compression: gzip
  sasl:
    mechanism: scram-sha-256
    username-file: ${join(folder, "username")}
    password-file: ${join(folder, "password")}
channel: { documents: ${output}, entities: "", pos: "", chunks: "", dead-letters: ${letters} }
`,
    );
    return { config, group, input, output, letters };
  }

  async function found(command: readonly string[], config: string): Promise<Found> {
    const { status, stdout, stderr } = await spanmill([...command, "--config", config, "--json"]);
    expect(stdout + stderr).not.toContain("s3cret");
    return { status, checks: JSON.parse(stdout).checks };
  }

  it("is fit with all of them", async () => {
    const { config, group, input } = await configured({ settings: true });
    const { status, checks } = await found(["doctor"], config);
    expect({ status, failed: checks.filter(({ status }) => status === "failed") }).toEqual({
      status: 0,
      failed: [],
    });
    expect(checks.map(({ check }) => check)).toEqual(
      expect.arrayContaining(["node", "runtime", "threads", `model ${MODEL}`, "source", "sink"]),
    );
    const said = checks.map(({ finding }) => finding).join("\n");
    expect(said).toContain(`topic ${input}: 1 partitions`);
    expect(said).not.toContain("DESCRIBE_CONFIGS");
    expect(said).not.toContain("not checked");
    const { groups } = await withAdmin(kafka.bootstrap, (admin) => admin.listGroups());
    expect(groups.map(({ groupId }) => groupId)).not.toContain(group);
  });

  it("is told that the limit of a topic is assumed where its settings are hidden", async () => {
    const { config, output, letters } = await configured({});
    for (const command of [["doctor"], ["run", "--dry-run"]]) {
      const { status, checks } = await found(command, config);
      expect(status).toBe(0);
      expect(checks.filter(({ check }) => check === "sink")).toMatchObject(
        [output, letters].map((topic) => ({
          status: "warning",
          finding: expect.stringMatching(`${topic}: .* not known, .* 104\\d{4} bytes .* DESCRIBE_CONFIGS`),
        })),
      );
    }
  });

  it("works with the rights that README lists and no others, and says once what it assumes", async () => {
    const { config, group, input, output, letters } = await configured({});
    await produce(kafka.bootstrap, input, [
      { key: "a", value: JSON.stringify({ id: "a", text: "Alice Smith met Bob." }) },
      { key: "b", value: "not JSON" },
    ]);
    const worker = start(["run", "--config", config, "--kafka-session-timeout", "3s"]);
    await until("both documents done", async () => {
      expect(worker.process.exitCode).toBeNull();
      return (await committed(kafka.bootstrap, input, group)).offset === "2";
    });
    worker.process.kill("SIGTERM");
    const { status, stderr } = await worker.finished;
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect((await readTopic(kafka.bootstrap, output)).records).toHaveLength(1);
    expect((await readTopic(kafka.bootstrap, letters)).records).toHaveLength(1);
    const assumed = records(stderr).filter(({ event }) => event === "limit-assumed");
    expect(assumed).toMatchObject([{ level: "warn", topics: [output, letters], bytes: 1_048_588 }]);
  });

  it.each([
    [{ read: false }, "source", "KAFKA_CONSUMER_FAILED", 5],
    [{ read: "describe" }, "source", "KAFKA_CONSUMER_FAILED", 5],
    [{ group: false }, "source", "KAFKA_CONSUMER_FAILED", 5],
    [{ group: "describe" }, "source", "KAFKA_CONSUMER_FAILED", 5],
    [{ write: false }, "sink", "SINK_FORBIDDEN", 6],
  ] as const)("is told so: %o", async (rights, check, code, exit) => {
    const { config } = await configured(rights);
    for (const command of [["doctor"], ["run", "--dry-run"]]) {
      const { status, checks } = await found(command, config);
      const failed = checks.filter(({ status }) => status === "failed");
      expect(failed).toMatchObject([{ check, code, finding: expect.stringMatching(/right|[Gg]rant/) }]);
      expect(status).toBe(exit);
    }
  });
});

interface Found {
  readonly status: number;
  readonly checks: readonly {
    readonly check: string;
    readonly status: string;
    readonly finding: string;
    readonly code?: string;
  }[];
}

function allow(
  resourceType: (typeof AclResourceTypes)[keyof typeof AclResourceTypes],
  resourceName: string,
  operation: (typeof AclOperationTypes)[keyof typeof AclOperationTypes],
): AclEntry {
  return {
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:worker",
    host: "*",
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  } as AclEntry;
}
