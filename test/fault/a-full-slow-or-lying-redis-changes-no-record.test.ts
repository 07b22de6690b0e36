/** Row 19 of the fault table: Redis is slow, evicts, refuses to write, gives wrong values (I7). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import { faultDocuments } from "../support/fault/documents.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { steadyInput } from "../support/fault/steady.js";
import { leastOf } from "../support/least-of.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { type FaultProxy, startProxy } from "../support/servers/proxy.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { sharedKafka } from "../support/servers/shared.js";
import { until } from "../support/servers/until.js";

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const ROUNDS = repetitions(1, 8);
const BUDGET_MS = 1_000;
const MOST_REFUSALS = 200;

describe.skipIf(REDIS_GIVEN)("Redis (skipped with the Redis of REDIS_URL)", () => {
  let redis: ControlledRedis;
  let proxy: FaultProxy;
  beforeAll(async () => {
    redis = await controlledRedis();
    proxy = await startProxy({ target: redis.address });
  }, 180_000);
  afterAll(async () => {
    await proxy.close();
    await redis.stop();
  });
  const open = (name: string, settings: Readonly<Record<string, string>> = {}) =>
    openScenario(name, {
      bootstrap,
      settings: {
        ...{ "cache.kind": "redis", "redis.url": `redis://${proxy.address}` },
        ...{ "kafka.session-timeout": "15s", ...settings },
      },
    });

  it(
    "slow, as long as it may be and longer",
    async () => {
      const run = await open("Redis slow");
      const { during, cacheIsUsed } = steadyInput(run);
      const worker = run.start({ edits: [TELL_BLOCKS] });
      const inBudget = async (what: string, act: () => unknown) => {
        const once = async () => {
          await cacheIsUsed(worker);
          return during(what, 1_500, act, proxy.heal);
        };
        expect(await leastOf(3, BUDGET_MS, once), what).toBeLessThan(BUDGET_MS);
      };
      for (let round = 0; round < ROUNDS; round++) {
        for (const ms of run.random.shuffled([10, 25, 200])) {
          await inBudget("Redis slow", () => proxy.delay(ms, ms / 2));
        }
        await inBudget("Redis on a narrow line", () => proxy.throttle(5_000));
      }
      await cacheIsUsed(worker);
      const report = await run.finish();
      expect(report.violations).toEqual([]);
      const kinds = new Set(report.standstills.map(({ kind }) => kind));
      expect(kinds).toEqual(new Set(["SIGTERM", "Redis slow", "Redis on a narrow line"]));
    },
    repetitions(300_000, 600_000),
  );

  it(
    "full: evicting, then refusing to write, then with room again",
    async () => {
      const run = await open("Redis full");
      const { during, feed, done, cacheIsUsed } = steadyInput(run);
      const worker = run.start({ edits: [TELL_BLOCKS] });
      const limit = (maxmemory: string, policy: string) => () =>
        redis.control.call("CONFIG", "SET", "maxmemory", maxmemory, "maxmemory-policy", policy);
      for (let round = 0; round < ROUNDS; round++) {
        await cacheIsUsed(worker);
        const evicted = await statOf("stats", "evicted_keys");
        await during("Redis evicting", 1_000, async () => {
          // A few hundred answers more are too many, so that a busy machine need not write thousands.
          const room = (await statOf("memory", "used_memory")) + 100_000;
          await limit(String(room), "allkeys-lru")();
          const isEvicting = async () => {
            await feed(100);
            return (await statOf("stats", "evicted_keys")) > evicted;
          };
          await until("an eviction", isEvicting, { withinMs: 120_000 });
        });
        const refusing = async () => {
          await cacheIsUsed(worker);
          const refused = await refusals();
          await during("Redis refusing to write", 2_000, async () => {
            await limit("1", "noeviction")();
            await until("a refusal", async () => {
              await feed(20);
              return (await refusals()) > refused;
            });
          });
          const more = (await refusals()) - refused;
          await limit("0", "noeviction")();
          return more;
        };
        // After five refused pipelines none is tried for a while.
        expect(await leastOf(3, MOST_REFUSALS, refusing)).toBeLessThan(MOST_REFUSALS);
      }
      await cacheIsUsed(worker);
      await done();
      const report = await run.finish();
      expect(report.violations).toEqual([]);
    },
    repetitions(300_000, 600_000),
  );

  it(
    "with every value changed, cut, or another key's: none is believed, all are counted and mended",
    async () => {
      const run = await open("Redis lies", { "redis.timeout": "5s" });
      const { feed, done, cacheIsUsed } = steadyInput(run);
      const documents = faultDocuments(run.random, 0, 400, 3);
      const worker = run.start({ edits: [TELL_BLOCKS] });
      /** Feeds the same documents again. */
      const again = async () => {
        const before = worker.log();
        await feed(run.random.shuffled(documents));
        await done();
        return blocksOf(worker.log(), before);
      };
      const flipped = (value: Buffer) => {
        const copy = Buffer.from(value);
        const at = run.random.between(0, copy.length - 1);
        copy[at] = copy[at]! ^ (1 << run.random.between(0, 7));
        return copy;
      };
      const lies: Readonly<Record<string, (value: Buffer, other: Buffer) => Buffer>> = {
        "a bit flipped in every value": flipped,
        "every value cut": (value) => value.subarray(0, run.random.between(0, value.length - 1)),
        "every value another's": (_value, other) => other,
      };
      await cacheIsUsed(worker);
      await redis.control.flushall();
      await again();
      const keys = await redis.control.keys("*");
      expect(keys.length).toBeGreaterThan(200);
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, lie] of run.random.shuffled(Object.entries(lies))) {
          await run.fault("other", name, async () => {
            const values = (await redis.control.mgetBuffer(keys)) as Buffer[];
            for (const [i, key] of keys.entries()) {
              await redis.control.set(key, lie(values[i]!, values[(i + 1) % keys.length]!));
            }
          });
          expect(await again()).toMatchObject({ corrupt: keys.length, computed: keys.length });
          expect(await again()).toMatchObject({ corrupt: 0, computed: 0 });
        }
      }
      expect((await run.finish()).violations).toEqual([]);
    },
    repetitions(300_000, 600_000),
  );

  async function statOf(section: string, name: string): Promise<number> {
    return Number(new RegExp(`^${name}:(\\d+)`, "m").exec(await redis.control.info(section))?.[1]);
  }

  async function refusals(): Promise<number> {
    return Number(/errorstat_OOM:count=(\d+)/.exec(await redis.control.info("errorstats"))?.[1] ?? 0);
  }
});
