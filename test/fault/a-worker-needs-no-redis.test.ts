/** Row 18 of the fault table: Redis is refused, killed, cut off in the middle of a command, asleep, silent (I7). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, TELL_BLOCKS } from "../support/fault/blocks.js";
import { openScenario, repetitions } from "../support/fault/scenario.js";
import { steadyInput } from "../support/fault/steady.js";
import { leastOf } from "../support/least-of.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { type FaultProxy, startProxy } from "../support/servers/proxy.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { sharedKafka } from "../support/servers/shared.js";

let bootstrap: string;
let redis: ControlledRedis;
let proxy: FaultProxy;
beforeAll(async () => {
  ({ bootstrap } = await sharedKafka());
}, 180_000);

const ROUNDS = repetitions(1, 8);
const AWAY_MS = 2_500;
/** Five time-outs of 50 ms open the breaker; the rest is for machines that are busy. */
const BUDGET_MS = 1_000;

describe.skipIf(REDIS_GIVEN)("Redis (skipped with the Redis of REDIS_URL)", () => {
  beforeAll(async () => {
    redis = await controlledRedis();
    proxy = await startProxy({ target: redis.address });
  }, 180_000);
  afterAll(async () => {
    await proxy.close();
    await redis.stop();
  });

  it(
    "away in every way there is: the worker goes on, and writes what it writes without",
    async () => {
      const run = await openScenario("Redis away", {
        bootstrap,
        settings: {
          ...{ "cache.kind": "redis", "redis.url": `redis://${proxy.address}` },
          "kafka.session-timeout": "15s",
        },
      });
      const { feed, during, done, cacheIsUsed } = steadyInput(run);
      proxy.cut();
      const worker = run.start({ edits: [TELL_BLOCKS] });
      await feed(300);
      await done();
      expect(blocksOf(worker.log()).cached).toBe(0);
      proxy.heal();

      const often = (act: () => unknown) => async () => {
        for (let i = 0; i < 20; i++) {
          await act();
          await feed(20);
        }
      };
      const sleep = () => void redis.control.debug("SLEEP", String(AWAY_MS / 1_000)).catch(() => {});
      const killClients = () => redis.control.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      const stop = () => redis.kill("SIGSTOP");
      const goOn = () => redis.kill("SIGCONT");
      const ways: readonly Parameters<typeof during>[] = [
        ["Redis killed", AWAY_MS, () => redis.kill(), redis.restart],
        ["Redis asleep", AWAY_MS, sleep],
        ["Redis stopped", AWAY_MS, stop, goOn],
        ["Redis silent", AWAY_MS, proxy.silence, proxy.heal],
        ["Redis refused", 1_000, proxy.cut, proxy.heal],
        ["Redis reset", 0, often(proxy.reset)],
        ["CLIENT KILL", 0, often(killClients)],
      ];
      for (let round = 0; round < ROUNDS; round++) {
        for (const way of run.random.shuffled(ways)) {
          const once = async () => {
            await cacheIsUsed(worker);
            return during(...way);
          };
          expect(await leastOf(3, BUDGET_MS, once), way[0]).toBeLessThan(BUDGET_MS);
        }
      }
      await cacheIsUsed(worker);

      const report = await run.finish();
      expect(report.violations).toEqual([]);
      expect(report.duplicates).toEqual({});
      const kinds = new Set(report.standstills.map(({ kind }) => kind));
      expect(kinds).toEqual(new Set(["SIGTERM", ...ways.map(([what]) => what)]));
    },
    repetitions(180_000, 900_000),
  );
});
