import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { memoryCache } from "../../../src/adapters/memory/cache.js";
import { cacheContract, keyNamed } from "../../contract/cache.js";
import { testClock } from "../../support/test-clock.js";

const MEBIBYTE = 1024 * 1024;

cacheContract("the cache in the process", async () => {
  const clock = testClock();
  const cache = memoryCache({ maxBytes: MEBIBYTE, ttlMs: 60_000, clock });
  return { cache, expire: async () => clock.pass(60_001) };
});

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const clock = testClock();
const valueOfBytes = (bytes: number) => Buffer.alloc(bytes, "v");

it("forgets what was used longest ago, and stays within its bytes", async () => {
  const counted = { hit: 0, miss: 0, evicted: 0 };
  const cache = memoryCache({
    maxBytes: 10_000,
    ttlMs: 60_000,
    clock,
    observe: (what, count) => {
      counted[what] += count;
    },
  });
  for (let i = 0; i < 10; i++) await cache.set([[keyNamed(i), valueOfBytes(700)]]);
  expect(cache.size()).toEqual({ entries: 10, bytes: 10 * (32 + 700 + 250) });
  await cache.get([keyNamed(0)]);
  await cache.set([[keyNamed(10), valueOfBytes(700)]]);
  const values = await cache.get([0, 1, 2, 10].map(keyNamed));
  expect(values.map((value) => value?.length)).toEqual([700, undefined, 700, 700]);
  expect(cache.size().bytes).toBeLessThanOrEqual(10_000);
  expect(counted).toEqual({ hit: 4, miss: 1, evicted: 1 });
});

it("does not keep a value that is larger than itself", async () => {
  const cache = memoryCache({ maxBytes: 1_000, ttlMs: 60_000, clock });
  await cache.set([[keyNamed("a"), valueOfBytes(10)]]);
  await cache.set([[keyNamed("b"), valueOfBytes(1_000)]]);
  expect(await cache.get([keyNamed("a"), keyNamed("b")])).toEqual([valueOfBytes(10), undefined]);
});

it("does not keep alive the chunk that a value is a view of", async () => {
  const before = process.memoryUsage().arrayBuffers;
  const cache = memoryCache({ maxBytes: 64 * MEBIBYTE, ttlMs: 60_000, clock });
  for (let i = 0; i < 200; i++) {
    const chunk = Buffer.alloc(MEBIBYTE, "c");
    await cache.set([[keyNamed(i), chunk.subarray(0, 100)]]);
  }
  expect(cache.size().entries).toBe(200);
  collect();
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * MEBIBYTE);
});

it("counts no less than it costs", async () => {
  const cache = memoryCache({ maxBytes: 64 * MEBIBYTE, ttlMs: 60_000, clock });
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let i = 0; i < 20_000; i++) await cache.set([[keyNamed(i), valueOfBytes(100)]]);
  collect();
  const cost = process.memoryUsage().heapUsed - before;
  const { entries, bytes } = cache.size();
  expect(entries).toBe(20_000);
  expect(cost).toBeLessThan(bytes);
  expect(cost).toBeGreaterThan(bytes / 3);
});
