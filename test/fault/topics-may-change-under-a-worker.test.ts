/** Row 14 of the fault table: partitions are added to a topic that is read, and a topic that is read is deleted. */
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, it } from "vitest";
import type { Edit } from "../support/fault/edits.js";
import { faultDocuments } from "../support/fault/documents.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { withAdmin } from "../support/kafka-members.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshTopic } from "../support/servers/topics.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

/** In the short set the worker looks for new partitions more often than every minute. */
const SOONER: readonly Edit[] = repetitions(1, 0)
  ? [
      {
        file: "src/adapters/kafka/source-settings.js",
        find: "metadataMaxAge: 60_000",
        put: "metadataMaxAge: 2_000",
      },
    ]
  : [];

it("partitions are added: they are read without a restart, from their first document", async () => {
  const run = await openScenario("partitions are added", { bootstrap, partitions: 2 });
  const workers = [run.start({ edits: SOONER }), run.start({ edits: SOONER })];
  await run.feed(400);
  await run.outputs(100);
  await run.fault("other", "partitions are added", () =>
    withAdmin(bootstrap, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: run.input, count: 5 }] }),
    ),
  );
  await run.feed(faultDocuments(run.random, 400, 900, 5));
  await run.outputs(900, 100_000);
  const report = await run.finish();
  expect(report.violations).toEqual([]);
  expect(workers.map((worker) => worker.ended()?.status)).toEqual([0, 0]);
}, 180_000);

it("a topic is deleted: the others are read on, and the worker does not crash again and again", async () => {
  const run = await openScenario("a topic is deleted", { bootstrap, partitions: 2 });
  const deleted = await freshTopic(bootstrap, 2);
  const settings = { "kafka.topics": `${run.input},${deleted}` };
  const workers = [run.start({ settings, edits: SOONER }), run.start({ settings, edits: SOONER })];
  await run.feed(400);
  await Promise.all(workers.map((worker) => worker.joined()));
  await run.outputs(200);
  await run.fault("other", "a topic is deleted", async () => {
    await withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [deleted] }));
    await run.feed(400);
    await run.outputs(800);
    await pause(6_000);
    await run.feed(200);
    await run.outputs(1_000);
  });
  for (const worker of workers) {
    console.log(worker.log().split("\n").filter((line) => !/dead-letter/.test(line)).slice(-60).join("\n"));
  }
  const report = await run.finish();
  expect(report.violations).toEqual([]);
  expect(workers.map((worker) => worker.ended()?.status)).toEqual([0, 0]);
}, 180_000);
