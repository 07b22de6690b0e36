/** A Redis that does not answer costs a bounded number of time-outs, and keeps a bounded number of bytes waiting. */
import { readFileSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { keyNamed } from "../contract/cache.js";
import { sameRecords } from "../support/cached-records.js";
import { type ObservedRedis, observedRedis, putToSleep } from "../support/observed-redis.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { until } from "../support/servers/until.js";
import { testClock } from "../support/test-clock.js";

/** As the kernel tells it: T is stopped. */
function stateOf(pid: number): string | undefined {
  return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
}

describe.skipIf(REDIS_GIVEN)("Redis that hangs (skipped with the Redis of REDIS_URL)", () => {
  let server: ControlledRedis;
  const opened: ObservedRedis[] = [];
  const open = async (settings: Partial<Parameters<typeof observedRedis>[0]> = {}) => {
    const redis = observedRedis({ url: server.url, ...settings });
    opened.push(redis);
    await redis.reached("closed");
    return redis;
  };
  beforeAll(async () => {
    server = await controlledRedis();
  }, 180_000);
  afterEach(async () => {
    await server.kill("SIGCONT");
    await Promise.all(opened.splice(0).map(({ cache }) => cache.close()));
  });
  afterAll(() => server.stop());

  it("is asked five times, then once a wait, and changes no record", async () => {
    const clock = testClock();
    const redis = await open({ clock, commandTimeoutMs: 150 });
    await sameRecords(redis.cache);
    const { wake } = await putToSleep(server);
    for (let i = 0; i < 100; i++) await redis.cache.get([keyNamed(i)]);
    expect(redis.counted.timeout).toBe(5);
    expect(redis.cache.state()).toBe("open");
    for (const wait of [250, 500, 1_000]) {
      clock.pass(wait);
      for (let i = 0; i < 10; i++) await redis.cache.get([keyNamed(i)]);
    }
    expect(redis.counted.timeout).toBe(8);
    await sameRecords(redis.cache);
    expect(redis.counted.timeout).toBe(8);
    await wake();
    clock.pass(2_000);
    await redis.cache.get([keyNamed(0)]);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
    expect(redis.states).toEqual(["closed", ...Array(4).fill(["open", "half_open"]).flat(), "closed"]);
  });

  it("keeps no more than a few megabytes waiting, of questions and of values", async () => {
    const redis = await open();
    await server.control.config("RESETSTAT");
    const { wake } = await putToSleep(server);
    const value = Buffer.alloc(100_000);
    await Promise.all([
      ...Array.from({ length: 200 }, (_, i) =>
        redis.cache.get(Array.from({ length: 500 }, (_, j) => keyNamed(`${i} ${j}`))),
      ),
      ...Array.from({ length: 200 }, (_, i) => redis.cache.set([[keyNamed(i), value]])),
    ]);
    expect(redis.counted.unasked).toBeGreaterThan(0);
    expect(redis.counted.unwritten).toBe(200);
    await wake();
    const sent = async () =>
      Number(/total_net_input_bytes:(\d+)/.exec(await server.control.info("stats"))![1]);
    let last = 0;
    await until("Redis to have read all that was sent", async () => {
      const before = last;
      last = await sent();
      return last > 1024 * 1024 && last - before < 10_000;
    });
    expect(last).toBeLessThan(5 * 1024 * 1024);
  });

  it("has its connection given up when it is silent for long, and is found again", async () => {
    const redis = await open();
    const { wake } = await putToSleep(server);
    await redis.cache.get([keyNamed("a")]);
    await redis.reached("away");
    await wake();
    await redis.reached("closed");
    await redis.cache.set([[keyNamed("a"), Buffer.from("value")]]);
    expect(await redis.cache.get([keyNamed("a")])).toEqual([Buffer.from("value")]);
  });

  it("holds up neither start nor end", async () => {
    const { wake } = await putToSleep(server);
    const redis = observedRedis({ url: server.url });
    await redis.reached("closed");
    void redis.cache.set([[keyNamed("b"), Buffer.from("value")]]);
    // Redis wakes after that alone: who waited for it would wait until the test's end.
    await redis.cache.close();
    expect(stateOf(server.pid()!)).toBe("T");
    await wake();
  });
});
