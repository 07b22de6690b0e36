/** Row 25 of the fault table. A dead letter that cannot be written is not skipped: the worker says why and stops, and the document stays unread. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import kafkajs, { type AclOperationTypes as Operation, type AclResourceTypes as Resource } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EXIT } from "../../src/errors.js";
import type { Finished } from "../support/command.js";
import { type FaultDocument, recordDocument } from "../support/fault/documents.js";
import { ownJudgement } from "../support/fault/own-judgement.js";
import type { Random } from "../support/fault/random.js";
import { openScenario, type Scenario } from "../support/fault/scenario.js";
import type { FaultWorker } from "../support/fault/workers.js";
import { produce, withAdmin } from "../support/kafka-members.js";
import { KAFKA_GIVEN, type KafkaServer, startKafka } from "../support/servers/kafka.js";
import { until } from "../support/servers/until.js";
import { temporaryFolder } from "../support/temporary.js";
import { allDone, ground, positions, work } from "../support/worker-processes.js";

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

/** `badAt` documents, then a bad one in partition 0, then three that stand behind it or beside it. */
function documents(badAt: number): FaultDocument[] {
  const good = Array.from({ length: badAt + 3 }, (_, n) =>
    recordDocument({ key: `k${n}`, partition: n % 3 }, `t-${n}`, `Alice wrote ${n} letters from Berlin.`),
  );
  const expected = { kind: "dead-letter", code: "DOCUMENT_NOT_JSON" } as const;
  return [...good.slice(0, badAt), { key: "bad", value: "{", partition: 0, expected }, ...good.slice(badAt)];
}

/** It had read all up to the bad one, says so, and has not moved past it, nor does it when it is started again. */
async function expectStopped(
  own: Parameters<typeof positions>[0],
  { badAt, said }: { readonly badAt: number; readonly said: readonly string[] },
  ...ends: readonly (() => Promise<Finished>)[]
): Promise<void> {
  for (const end of ends) {
    const { status, stderr } = await end();
    expect(status).toBe(EXIT.output);
    for (const words of said) expect(stderr).toContain(words);
    const [first, ...others] = await positions(own);
    expect(first).toBeLessThanOrEqual(badAt / 3);
    for (const other of others) expect(other).toBeLessThanOrEqual(badAt / 3 + 1);
  }
}

/** A multiple of three, so that partitions are even. */
function placeOfBad(random: Random): number {
  return 3 * random.between(5, 15);
}

describe.skipIf(KAFKA_GIVEN)("a topic of dead letters (KAFKA_BOOTSTRAP unset)", () => {
  it("that is deleted while the worker runs", async () => {
    // Lag never comes to 0, and what watches a scenario could not read the topic.
    const badAt = placeOfBad(ownJudgement("the topic of dead letters is deleted"));
    const own = await ground(kafka.bootstrap);
    const all = documents(badAt).map(({ expected: _, ...message }) => message);
    await produce(kafka.bootstrap, own.input, all.slice(0, badAt));
    const worker = work(own);
    await allDone(own, worker, badAt);
    await withAdmin(kafka.bootstrap, (admin) => admin.deleteTopics({ topics: [own.deadLetters] }));
    await produce(kafka.bootstrap, own.input, all.slice(badAt));
    const said = ["No such topic", own.deadLetters];
    await expectStopped(
      own,
      { badAt, said },
      () => worker.finished,
      () => work(own).finished,
    );
  }, 120_000);

  it("that may no longer be written to", async () => {
    const run = await secured();
    const badAt = placeOfBad(run.random);
    const all = documents(badAt);
    const letters = run.topics["dead-letters"];
    await run.feed(all.slice(0, badAt));
    const worker = run.start();
    await run.outputs(badAt);
    await withdrawWrite(letters);
    await run.feed(all.slice(badAt));
    const endOf = async (one: FaultWorker) => {
      await run.died(one);
      return one.finished;
    };
    const own = { bootstrap: kafka.bootstrap, input: run.input, group: run.group };
    await expectStopped(
      own,
      { badAt, said: ["forbids writing", letters] },
      () => endOf(worker),
      () => endOf(run.start()),
    );
    await allow(AclResourceTypes.TOPIC, letters, AclOperationTypes.WRITE);
    run.start();
    await run.outputs(all.length);
    const report = await run.finish();
    expect(report.violations).toEqual([]);
    expect(report.deadLetters).toBe(1);
  }, 120_000);
});

/** A run whose workers have a name, and the rights that they need. */
async function secured(): Promise<Scenario> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "user"), "worker");
  writeFileSync(join(folder, "password"), users.worker);
  const run = await openScenario("dead letters may not be written", {
    bootstrap: kafka.bootstrap,
    workersBootstrap: kafka.secured!.brokers.join(","),
    settings: {
      "kafka.sasl.mechanism": "plain",
      "kafka.sasl.username-file": join(folder, "user"),
      "kafka.sasl.password-file": join(folder, "password"),
    },
  });
  const { TOPIC, GROUP } = AclResourceTypes;
  const { READ, WRITE } = AclOperationTypes;
  await allow(TOPIC, run.input, READ);
  await allow(GROUP, run.group, READ);
  for (const topic of Object.values(run.topics)) await allow(TOPIC, topic, WRITE);
  return run;
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
