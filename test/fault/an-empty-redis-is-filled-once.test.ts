/** Row 20 of the fault table: Redis comes back empty. Each worker computes a block once, however many documents ask. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import type { FaultDocument } from "../support/fault/documents.js";
import type { Edit } from "../support/fault/edits.js";
import { openScenario, repetitions, type Scenario } from "../support/fault/scenario.js";
import { steadyInput } from "../support/fault/steady.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { sharedKafka } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const RESTARTS = repetitions(3, 20);
const HERD = 600;

describe.skipIf(REDIS_GIVEN)("Redis (skipped with the Redis of REDIS_URL)", () => {
  let redis: ControlledRedis;
  beforeAll(async () => {
    redis = await controlledRedis();
  }, 180_000);
  afterAll(() => redis.stop());

  it(
    `back and empty, ${RESTARTS} times, before a herd of documents that are alike`,
    async () => {
      const run = await openScenario("Redis back and empty", {
        bootstrap,
        partitions: 4,
        settings: {
          ...{ "cache.kind": "redis", "redis.url": redis.url, "redis.timeout": "5s" },
          "kafka.session-timeout": "15s",
        },
      });
      const { feed, done } = steadyInput(run);
      const edits = [TELL_BLOCKS, SLOW_ENGINE];
      const workers = [run.start({ edits }), run.start({ edits })];
      // Before the first document: what a rebalance brings again would be computed again.
      await Promise.all(workers.map((worker) => worker.joined()));
      await until("two owners", () =>
        workers.every((worker) => /"partitions":2,/.test(lastAssigned(worker.log()))),
      );
      await feed(50);
      for (let restart = 0; restart < RESTARTS; restart++) {
        await done();
        await run.fault(
          "other",
          "Redis restarts empty",
          async () => {
            await redis.restart();
            await until("both workers at Redis", async () => (await clients()) === workers.length);
          },
          "Redis restarted empty",
        );
        const before = workers.map((worker) => worker.log());
        await feed(herd(run, restart));
        await done();
        for (const [i, worker] of workers.entries()) {
          const { cached, computed, joined } = blocksOf(worker.log(), before[i]);
          expect(computed).toBeLessThanOrEqual(ALIKE.length);
          expect(cached + joined).toBeGreaterThan(HERD / 4);
        }
        expect(await redis.control.dbsize()).toBe(ALIKE.length);
      }
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
    },
    repetitions(180_000, 600_000),
  );

  /** Connections beside the test's own. */
  async function clients(): Promise<number> {
    const list = String(await redis.control.call("CLIENT", "LIST", "TYPE", "normal"));
    return list.trim().split("\n").length - 1;
  }
});

function lastAssigned(log: string): string {
  return log.split("\n").findLast((line) => line.includes('"event":"group-assigned"')) ?? "";
}

/** So slow that the whole herd is there before the first answer is. */
const SLOW_ENGINE: Edit = {
  file: "src/pipeline/block-cache.js",
  find: "const tagged = await tagger.tag(",
  put: "await new Promise((go) => setTimeout(go, 200)); const tagged = await tagger.tag(",
};

/** Of one block each. */
const ALIKE = ["Ticket of Bob Smith", "Alice wrote from Berlin", "Best regards, Alice"];

function herd(run: Scenario, number: number): FaultDocument[] {
  return Array.from({ length: HERD }, (_, i) => {
    const id = `h-${number}-${i}`;
    const text = run.random.pick(ALIKE);
    const key = run.random.between(0, 39);
    return {
      ...{ key: `k${key}`, partition: key % 4, value: JSON.stringify({ id, text }) },
      expected: { kind: "record", id, text },
    };
  });
}
