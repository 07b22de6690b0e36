/** Row 14 of the fault table: partitions are added to a topic that is read, and a topic that is read is deleted. */
import { beforeAll, expect, it } from "vitest";
import { EXIT } from "../../src/errors.js";
import { faultDocuments } from "../support/fault/documents.js";
import type { Edit } from "../support/fault/edits.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { withAdmin } from "../support/kafka-members.js";
import { readTopic } from "../support/servers/raw-reader.js";
import { sharedKafka } from "../support/servers/shared.js";
import { freshTopic } from "../support/servers/topics.js";
import { until } from "../support/servers/until.js";

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
  await Promise.all(workers.map((worker) => worker.joined()));
  await run.feed(400);
  await run.outputs(100);
  await run.fault("other", "partitions are added", () =>
    withAdmin(bootstrap, (admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: run.input, count: 5 }] }),
    ),
  );
  await until("the partitions to be served", async () => {
    const { ranges } = await readTopic(bootstrap, run.input);
    return ranges.size === 5;
  });
  await run.feed(faultDocuments(run.random, 400, 900, 5));
  await run.outputs(900, 100_000);
  const report = await run.finish();
  expect(report.violations).toEqual([]);
  expect(workers.map((worker) => worker.ended()?.status)).toEqual([0, 0]);
}, 180_000);

it("a topic is deleted: the workers end and say so, and without it all is read on", async () => {
  const run = await openScenario("a topic is deleted", { bootstrap, partitions: 2 });
  const deleted = await freshTopic(bootstrap, 2);
  const settings = { "kafka.topics": `${run.input},${deleted}` };
  const workers = [run.start({ settings, edits: SOONER }), run.start({ settings, edits: SOONER })];
  await run.feed(400);
  await Promise.all(workers.map((worker) => worker.joined()));
  await run.outputs(200);
  const act = async () => {
    for (const worker of workers) worker.expectEnd();
    await withAdmin(bootstrap, (admin) => admin.deleteTopics({ topics: [deleted] }));
    await run.feed(400);
    for (const { status, stderr } of await Promise.all(workers.map(({ finished }) => finished))) {
      expect(status).toBe(EXIT.input);
      expect(stderr).toContain(deleted);
      expect(stderr).toMatch(/A topic is gone/);
      expect(stderr.match(/"event":"consumer-crashed"/g)?.length).toBeLessThan(5);
    }
  };
  await run.fault("unclean-stop", "a topic is deleted", act, "topic deleted, and the workers end");
  const worker = run.start();
  await run.feed(200);
  const report = await run.finish();
  expect(report.violations).toEqual([]);
  expect(worker.ended()?.status).toBe(0);
}, 180_000);
