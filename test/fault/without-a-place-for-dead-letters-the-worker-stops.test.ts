/** A dead letter that cannot be written is not skipped: the worker says why and stops, and the document stays unread. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import kafkajs, { type AclOperationTypes as Operation, type AclResourceTypes as Resource } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../src/errors.js";
import { produce, withAdmin } from "../support/kafka-members.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";
import {
  allDone,
  type Ground,
  ground,
  lettersIn,
  positions,
  recordsIn,
  tickets,
  type WorkerProcess,
  work,
} from "../support/worker-processes.js";

// Node does not see these names in kafkajs.
const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs;

const users = { worker: "secret" };

let kafka: KafkaServer;
beforeAll(async () => {
  if (KAFKA_GIVEN) return;
  kafka = await startKafka({
    sasl: { users },
    properties: {
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      // Who comes by the plain listener: the broker itself, and the test.
      "super.users": "User:ANONYMOUS",
    },
  });
}, 180_000);
afterAll(() => kafka?.stop());

/** The 31st is bad, and has a neighbour on either side in its partition. */
const BAD_AT = 30;
const bad = { key: "bad", value: "{", partition: 0 };

/** It had read all up to the bad one, says so, and has not moved past it, nor does it when it is started again. */
async function expectStopped(own: Ground, worker: WorkerProcess, reason: string): Promise<void> {
  for (const each of [worker, work(own)]) {
    const { status, stderr } = await each.finished;
    expect(status).toBe(EXIT.output);
    expect(stderr).toContain(reason);
    expect(stderr).toContain(own.deadLetters);
    const [first, ...others] = await positions(own);
    expect(first).toBeLessThanOrEqual(BAD_AT / 3);
    for (const other of others) expect(other).toBeLessThanOrEqual(BAD_AT / 3 + 1);
  }
}

describe.skipIf(KAFKA_GIVEN)("a topic of dead letters (KAFKA_BOOTSTRAP unset)", () => {
  it("that is deleted while the worker runs", async () => {
    const own = await ground(kafka.bootstrap);
    const all = tickets(BAD_AT + 3);
    await produce(kafka.bootstrap, own.input, all.slice(0, BAD_AT));
    const worker = work(own);
    await allDone(own, worker, BAD_AT);
    await withAdmin(kafka.bootstrap, (admin) => admin.deleteTopics({ topics: [own.deadLetters] }));
    await produce(kafka.bootstrap, own.input, [bad, ...all.slice(BAD_AT)]);
    await expectStopped(own, worker, "No such topic");
  }, 120_000);

  it("that may no longer be written to", async () => {
    const own = await secured();
    const all = tickets(BAD_AT + 3);
    await produce(kafka.bootstrap, own.input, all.slice(0, BAD_AT));
    const worker = work(own);
    await allDone(own, worker, BAD_AT);
    await withdrawWrite(own.deadLetters);
    await produce(kafka.bootstrap, own.input, [bad, ...all.slice(BAD_AT)]);
    await expectStopped(own, worker, "forbids writing");

    await allow(AclResourceTypes.TOPIC, own.deadLetters, AclOperationTypes.WRITE);
    const next = work(own);
    await allDone(own, next, BAD_AT + 4);
    expect(await lettersIn(own)).toMatchObject([{ key: "bad", place: `0/${BAD_AT / 3}` }]);
    const ids = (await recordsIn(own, "documents")).map(({ key }) => String(key));
    expect(new Set(ids).size).toBe(BAD_AT + 3);
  }, 120_000);
});

/** A worker with a name, and the rights that it needs. */
async function secured(): Promise<Ground> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "user"), "worker");
  writeFileSync(join(folder, "password"), users.worker);
  const own = await ground(kafka.bootstrap, {
    brokers: kafka.secured!.brokers.join(","),
    kafka: [
      "sasl:",
      "  mechanism: plain",
      `  username-file: ${join(folder, "user")}`,
      `  password-file: ${join(folder, "password")}`,
    ],
  });
  const { TOPIC, GROUP } = AclResourceTypes;
  const { READ, WRITE } = AclOperationTypes;
  await allow(TOPIC, own.input, READ);
  await allow(GROUP, own.group, READ);
  for (const topic of [own.documents, own.entities, own.deadLetters]) await allow(TOPIC, topic, WRITE);
  return own;
}

/** READ and WRITE bring DESCRIBE with them. */
async function allow(resourceType: Resource, resourceName: string, operation: Operation): Promise<void> {
  const acl = [ruleOf(resourceType, resourceName, operation)];
  await withAdmin(kafka.bootstrap, async (admin) => {
    await admin.createAcls({ acl });
    await until("the right", async () => (await admin.describeAcls(acl[0]!)).resources.length > 0);
  });
}

async function withdrawWrite(topic: string): Promise<void> {
  const { TOPIC } = AclResourceTypes;
  // It may still see the topic.
  await allow(TOPIC, topic, AclOperationTypes.DESCRIBE);
  const rule = ruleOf(TOPIC, topic, AclOperationTypes.WRITE);
  await withAdmin(kafka.bootstrap, async (admin) => {
    await admin.deleteAcls({ filters: [rule] });
    await until("the right to be gone", async () => (await admin.describeAcls(rule)).resources.length === 0);
  });
}

function ruleOf(resourceType: Resource, resourceName: string, operation: Operation) {
  return {
    resourceType,
    resourceName,
    resourcePatternType: ResourcePatternTypes.LITERAL,
    principal: "User:worker",
    host: "*",
    operation,
    permissionType: AclPermissionTypes.ALLOW,
  };
}
