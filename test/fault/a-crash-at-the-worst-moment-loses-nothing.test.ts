/** Rows 23 and 24 of the fault table: the process dies where the most is at stake. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dieBefore } from "../support/fault/edits.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const CRASHES = repetitions(2, 8);

/**
 * Whether this process has put on record that it holds a document alone. It is innocent, but two such deaths of one document
 * are what a deadly one looks like, and it would be set aside as it should.
 */
const ALONE_ON_RECORD = `assignment.all().some(({ committed, found }) =>
  (committed?.metadata ?? "").slice("spanmill:1:".length).split(",").some((part) => {
    const [, offset, deaths] = /^(\\d+):(\\d+)$/.exec(part) ?? [];
    return offset !== undefined && Number(deaths) > (found.get(BigInt(offset)) ?? 0);
  }))`;

describe("between the output's acknowledgement and the commit", () => {
  it(
    "all comes again, byte for byte, and nothing is lost",
    async () => {
      const run = await openScenario("crash before the commit", { bootstrap });
      for (let crash = 1; crash <= CRASHES; crash++) {
        // The first commits put on record that a worker is at work, and are of few documents.
        const commit = run.random.between(6, 10);
        const at = "await commit(payloadOf(due));";
        const edits = [dieBefore("src/adapters/kafka/commits.js", at, commit, ALONE_ON_RECORD)];
        const worker = run.start({ edits });
        await run.feed(1_000);
        await run.died(worker);
      }
      run.start();
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates["unclean-stop"]).toBeGreaterThan(0);
    },
    repetitions(180_000, 600_000),
  );
});

describe.skipIf(REDIS_GIVEN)("between the cache and the output (skipped with the Redis of REDIS_URL)", () => {
  let redis: ControlledRedis;
  beforeAll(async () => {
    redis = await controlledRedis();
  }, 180_000);
  afterAll(() => redis.stop());

  it(
    "what the cache has is used, and the records are what they are without it",
    async () => {
      const settings = { "cache.kind": "redis", "redis.url": redis.url, "redis.timeout": "5s" };
      const run = await openScenario("crash after the cache", { bootstrap, settings });
      for (let crash = 1; crash <= CRASHES; crash++) {
        const edits = [
          {
            file: "src/pipeline/block-cache.js",
            find: "void cache.set(values.filter((entry) => entry[1] !== undefined));",
            put: `await cache.set(values.filter((entry) => entry[1] !== undefined));
            if ((globalThis.__sets = (globalThis.__sets ?? 0) + 1) === ${run.random.between(6, 12)}) process.kill(process.pid, "SIGKILL");`,
          },
        ];
        const kept = await redis.control.dbsize();
        const worker = run.start({ edits });
        await run.feed(400);
        await run.died(worker);
        expect(await redis.control.dbsize()).toBeGreaterThan(kept);
      }
      const before = await hits(redis);
      run.start();
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(await hits(redis)).toBeGreaterThan(before);
    },
    repetitions(180_000, 600_000),
  );
});

async function hits({ control }: ControlledRedis): Promise<number> {
  return Number(/keyspace_hits:(\d+)/.exec(await control.info("stats"))?.[1]);
}
