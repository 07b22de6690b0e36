import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { tiered } from "../../../src/adapters/caches.js";
import { memoryCache } from "../../../src/adapters/memory/cache.js";
import type { Cache } from "../../../src/ports/cache.js";
import { cacheContract, keyNamed } from "../../contract/cache.js";
import { observedRedis } from "../../support/observed-redis.js";
import { type ControlledRedis, controlledRedis } from "../../support/redis-server.js";
import { REDIS_GIVEN } from "../../support/servers/redis.js";
import { testClock } from "../../support/test-clock.js";

describe.skipIf(REDIS_GIVEN)("with a Redis of its own (skipped with the Redis of REDIS_URL)", () => {
  let server: ControlledRedis;
  beforeAll(async () => {
    server = await controlledRedis();
  }, 180_000);
  afterAll(() => server.stop());

  let opened = 0;
  const open = async (ttlMs = 60_000) => {
    const redis = observedRedis({
      url: server.url,
      prefix: `test ${opened++}:`,
      ttlMs,
      commandTimeoutMs: 2_000,
    });
    await redis.reached("closed");
    return redis;
  };
  /** Redis has no clock that can be set: its keys are made to have been put there long ago. */
  const expire = async () => {
    for (const key of await server.control.keys("*")) await server.control.pexpire(key, -1);
  };

  cacheContract("Redis", async () => ({ cache: (await open()).cache, expire }));

  cacheContract("memory before Redis", async () => {
    const clock = testClock();
    const near = memoryCache({ maxBytes: 1_000_000, ttlMs: 60_000, clock });
    const pass = async () => {
      clock.pass(60_001);
      await expire();
    };
    return { cache: tiered(near, (await open()).cache), expire: pass };
  });

  it("names keys by prefix and format, and gives them their time to live", async () => {
    const { cache } = await open(1_234_567);
    await cache.set([[keyNamed("a"), Buffer.from("value")]]);
    const name = `test ${opened - 1}:b1:${createHash("sha256").update("a").digest("base64url")}`;
    expect(await server.control.get(name)).toBe("value");
    expect(await server.control.pttl(name)).toBeGreaterThan(1_000_000);
    expect(await server.control.pttl(name)).toBeLessThanOrEqual(1_234_567);
  });

  it("asks for many keys in few commands", async () => {
    const { cache } = await open();
    const keys = Array.from({ length: 300 }, (_, i) => keyNamed(i));
    await server.control.config("RESETSTAT");
    await cache.get(keys);
    expect(await server.control.info("commandstats")).toMatch(/cmdstat_mget:calls=3,/);
  });

  it("uses the database of the URL", async () => {
    const redis = observedRedis({ url: `${server.url}/3`, prefix: "in three:" });
    await redis.reached("closed");
    await redis.cache.set([[keyNamed("a"), Buffer.from("value")]]);
    await redis.cache.close();
    expect(await server.control.keys("in three:*")).toEqual([]);
    await server.control.select(3);
    expect(await server.control.keys("in three:*")).toHaveLength(1);
    await server.control.select(0);
  });

  it("counts what is found, what is not, and what is written", async () => {
    const { cache, counted } = await open();
    await cache.set([[keyNamed("a"), Buffer.from("value")]]);
    await cache.get(["a", "b", "c"].map(keyNamed));
    expect(counted).toEqual({ written: 1, hit: 1, miss: 2 });
  });

  it("writes what is under way before it closes, and hears so", async () => {
    const { cache, counted, troubles } = await open();
    const writing = cache.set([[keyNamed("last"), Buffer.from("value")]]);
    await cache.close();
    await writing;
    expect(await server.control.keys(`test ${opened - 1}:*`)).toHaveLength(1);
    expect(counted).toEqual({ written: 1 });
    expect(troubles).toEqual([]);
  });

  describe("that refuses to write", () => {
    const REFUSALS = 5;
    const FIRST_WAIT_MS = 250;
    const clock = testClock();
    const write = (cache: Cache, bytes = 1) => cache.set([[keyNamed("a"), Buffer.alloc(bytes)]]);

    it.each([
      ["could not be asked", (cache: Cache) => write(cache, 5 << 20)],
      [
        "did not answer",
        async (cache: Cache) => {
          await server.control.client("PAUSE", 60_000, "WRITE");
          await write(cache);
          await server.control.client("UNPAUSE");
        },
      ],
    ])("is not taken for mended because it %s", async (_, attempt) => {
      const { cache, reached, troubles } = observedRedis({ url: server.url, clock, commandTimeoutMs: 2_000 });
      await reached("closed");
      await server.control.config("SET", "maxmemory", "1");
      try {
        for (let i = 0; i < REFUSALS; i++) await write(cache);
        clock.pass(FIRST_WAIT_MS);
        await attempt(cache);
        for (let i = 0; i < 3; i++) await write(cache);
        const refused = troubles.filter((code) => code !== "TIMEOUT").length;
        // Of the three at most one asks whether it is mended.
        expect(refused - REFUSALS).toBeLessThanOrEqual(1);
        expect(refused).toBeGreaterThanOrEqual(REFUSALS);
      } finally {
        await server.control.config("SET", "maxmemory", "0");
        await cache.close();
      }
    });
  });

  it("has a command time-out that its own stalls do not use up", async () => {
    const redis = observedRedis({ url: server.url, prefix: "stalled:", commandTimeoutMs: 50 });
    await redis.reached("closed");
    const asked = redis.cache.get([keyNamed("a")]);
    // Asleep and not busy, so that Redis has the processor meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
    expect(await asked).toEqual([undefined]);
    expect(redis.counted).toEqual({ miss: 1 });
    await redis.cache.close();
  });
});

describe("two tiers", () => {
  const clock = testClock();
  const open = () => memoryCache({ maxBytes: 1_000_000, ttlMs: 60_000, clock });

  it("ask the far one for what the near one lacks alone, and fill the near one", async () => {
    const [near, far] = [open(), open()];
    const asked: number[] = [];
    const cache = tiered(near, {
      ...far,
      get: (keys) => {
        asked.push(keys.length);
        return far.get(keys);
      },
    });
    await near.set([[keyNamed("near"), Buffer.from("n")]]);
    await far.set([[keyNamed("far"), Buffer.from("f")]]);
    const keys = ["far", "none", "near"].map(keyNamed);
    expect((await cache.get(keys)).map(String)).toEqual(["f", "undefined", "n"]);
    expect(asked).toEqual([2]);
    expect((await near.get(keys)).map(String)).toEqual(["f", "undefined", "n"]);
  });

  it("both get what is put in", async () => {
    const [near, far] = [open(), open()];
    await tiered(near, far).set([[keyNamed("a"), Buffer.from("v")]]);
    expect([...(await near.get([keyNamed("a")])), ...(await far.get([keyNamed("a")]))].map(String)).toEqual([
      "v",
      "v",
    ]);
  });
});
