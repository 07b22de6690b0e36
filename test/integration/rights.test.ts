/** Rights that a user lacks are told by `run --dry-run` and `doctor`, before anything is read. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import kafkajs, { type AclEntry } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spanmill } from "../support/command.js";
import { withAdmin } from "../support/kafka-members.js";
import { lookupFolder } from "../support/lookup-model.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { freshGroup, freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const MODEL = lookupFolder();
const folder = temporaryFolder();

/** What the user may do; the rest is denied. */
interface Rights {
  readonly read?: boolean;
  readonly group?: boolean;
  readonly write?: boolean;
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

  async function configured(rights: Rights): Promise<{ config: string; input: string; output: string }> {
    const [input, output] = (await Promise.all([
      freshTopic(kafka.bootstrap),
      freshTopic(kafka.bootstrap),
    ])) as [string, string];
    const group = freshGroup();
    const { GROUP, TOPIC } = AclResourceTypes;
    const { READ, WRITE } = AclOperationTypes;
    const acl = [
      ...(rights.read === false ? [] : [allow(TOPIC, input, READ)]),
      ...(rights.group === false ? [] : [allow(GROUP, group, READ)]),
      ...(rights.write === false
        ? [allow(TOPIC, output, AclOperationTypes.DESCRIBE)]
        : [allow(TOPIC, output, WRITE)]),
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
kafka:
  brokers: [${kafka.secured!.brokers}]
  group: ${group}
  topics: [${input}]
  sasl:
    mechanism: scram-sha-256
    username-file: ${join(folder, "username")}
    password-file: ${join(folder, "password")}
channel: { documents: ${output}, entities: "", pos: "", chunks: "", dead-letters: "" }
`,
    );
    return { config, input, output };
  }

  it("is fit with all of them", async () => {
    const { config, input } = await configured({});
    const { status, stdout } = await spanmill(["doctor", "--config", config, "--json"]);
    const { checks } = JSON.parse(stdout);
    const failed = checks.filter(({ status }: { status: string }) => status === "failed");
    expect({ status, failed }).toEqual({ status: 0, failed: [] });
    const names = checks.map(({ check }: { check: string }) => check);
    expect(names).toEqual(
      expect.arrayContaining(["node", "runtime", "threads", `model ${MODEL}`, "source", "sink"]),
    );
    expect(stdout).toContain(`topic ${input}: 1 partitions`);
  });

  it.each([
    [{ read: false }, "source", "KAFKA_CONSUMER_FAILED", 5],
    [{ group: false }, "source", "KAFKA_CONSUMER_FAILED", 5],
    [{ write: false }, "sink", "SINK_FORBIDDEN", 6],
  ] as const)("is told so: %o", async (rights, check, code, exit) => {
    const { config } = await configured(rights);
    for (const command of [["doctor"], ["run", "--dry-run"]]) {
      const { status, stdout, stderr } = await spanmill([...command, "--config", config, "--json"]);
      const failed = JSON.parse(stdout).checks.filter(
        ({ status }: { status: string }) => status === "failed",
      );
      expect(failed, stdout).toMatchObject([{ check, code, finding: expect.stringMatching(/right|Grant/) }]);
      expect(status).toBe(exit);
      expect(stdout + stderr).not.toContain("s3cret");
    }
  });
});

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
