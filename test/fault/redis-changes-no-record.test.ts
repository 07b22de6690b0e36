/** Whatever befalls Redis, records are the bytes they are without it (I7). Rows 18 to 20 of the fault table. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { cachedTagger } from "../../src/pipeline/block-cache.js";
import { DIFFERENT_BLOCKS, sameRecords, TEXTS } from "../support/cached-records.js";
import { type ObservedRedis, observedRedis, putToSleep } from "../support/observed-redis.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { scriptedTagger } from "../support/scripted-tagger.js";
import { freePorts } from "../support/servers/ports.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { testClock } from "../support/test-clock.js";

const opened: ObservedRedis[] = [];
const open = (settings: Parameters<typeof observedRedis>[0]) => {
  const redis = observedRedis(settings);
  opened.push(redis);
  return redis;
};
/** With a time limit that only an answer that never comes is over. */
const patient = (url: string) => open({ url, commandTimeoutMs: 5_000 });

afterEach(() => Promise.all(opened.splice(0).map(({ cache }) => cache.close())));

describe("no Redis", () => {
  it("is never asked, and nobody waits for it", async () => {
    const redis = open({ url: `redis://127.0.0.1:${(await freePorts(1))[0]}` });
    const { computed } = await sameRecords(redis.cache);
    expect(computed.length).toBeGreaterThanOrEqual(DIFFERENT_BLOCKS);
    expect(redis.counted).toEqual({ unasked: computed.length, unwritten: computed.length });
    expect(redis.cache.state()).toBe("away");
  });

  it("is told by its code", async () => {
    const redis = open({ url: `redis://127.0.0.1:${(await freePorts(1))[0]}` });
    await redis.troubled();
    expect(new Set(redis.troubles)).toEqual(new Set(["ECONNREFUSED"]));
  });
});

describe.skipIf(REDIS_GIVEN)("Redis (skipped with the Redis of REDIS_URL)", () => {
  let server: ControlledRedis;
  beforeAll(async () => {
    server = await controlledRedis();
  }, 180_000);
  afterAll(() => server.stop());
  afterEach(async () => {
    await server.control.replicaof("NO", "ONE");
    await server.control.config("SET", "maxmemory", "0");
    await server.control.flushall();
  });

  it("full of answers: nothing is computed", async () => {
    const redis = patient(server.url);
    await redis.reached("closed");
    expect((await sameRecords(redis.cache)).computed).toHaveLength(DIFFERENT_BLOCKS);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
  });

  it("killed while a command is under way: the command is a miss, and the rest is not asked", async () => {
    const redis = patient(server.url);
    await redis.reached("closed");
    await sameRecords(redis.cache);
    await putToSleep(server);
    const records = sameRecords(redis.cache);
    await new Promise(setImmediate);
    await server.restart();
    await records;
    expect(redis.counted.error ?? 0).toBeGreaterThan(0);
    expect(redis.counted.timeout).toBeUndefined();
  });

  it("back and empty: each block is computed once, however many documents ask at once", async () => {
    const redis = patient(server.url);
    await redis.reached("closed");
    await sameRecords(redis.cache);
    await server.restart();
    await redis.reached("closed");
    const scripted = scriptedTagger(() => new Promise(setImmediate));
    const tagger = cachedTagger(scripted, redis.cache, { pipeline: "p" });
    const blocks = ["Ada", "Bob", "Eve"].map((text) => ({ kind: "text", text }) as const);
    await Promise.all(TEXTS.map(() => tagger.tag(blocks)));
    expect(scripted.requests).toEqual([blocks]);
    expect((await sameRecords(redis.cache)).computed).toHaveLength(DIFFERENT_BLOCKS);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
  });

  it("killing the connection again and again", async () => {
    const clock = testClock();
    const redis = open({ url: server.url, commandTimeoutMs: 5_000, clock });
    await redis.reached("closed");
    for (let round = 0; round < 20; round++) {
      const records = sameRecords(redis.cache);
      await server.control.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
      await records;
    }
    expect(redis.states.filter((state) => state === "away").length).toBeGreaterThan(0);
    while (redis.cache.state() !== "closed") {
      clock.pass(15_000);
      await redis.cache.get([Buffer.alloc(32)]);
      await new Promise(setImmediate);
    }
    await sameRecords(redis.cache);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
  });

  it("that evicts", async () => {
    const used = /used_memory:(\d+)/.exec(await server.control.info("memory"))![1];
    await server.control.call(
      "CONFIG",
      "SET",
      "maxmemory",
      String(Number(used) + 100_000),
      "maxmemory-policy",
      "allkeys-lru",
    );
    const redis = patient(server.url);
    await redis.reached("closed");
    const many = Array.from({ length: 400 }, (_, i) => `Ada ${i} met Bob in Rome ${"and Eve ".repeat(30)}`);
    for (let pass = 0; pass < 2; pass++) await sameRecords(redis.cache, many);
    expect(Number(/evicted_keys:(\d+)/.exec(await server.control.info("stats"))![1])).toBeGreaterThan(0);
  });

  it.each([
    [
      "full, and refusing to write",
      () => ["CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"],
      "OOM",
    ],
    ["a replica now", (port: number) => ["REPLICAOF", "127.0.0.1", String(port)], "READONLY"],
  ])("%s: it is read as ever, and writing is given up for a while", async (_what, command, code) => {
    const redis = patient(server.url);
    await redis.reached("closed");
    await sameRecords(redis.cache, TEXTS.slice(0, 20));
    const [name, ...arguments_] = command((await freePorts(1))[0]!);
    await server.control.call(name!, ...arguments_);
    const before = redis.counted.written ?? 0;
    const { counted } = await sameRecords(redis.cache);
    expect(counted.cached).toBeGreaterThanOrEqual(20);
    for (let i = 0; i < 10; i++) await redis.cache.set([[Buffer.alloc(32, i), Buffer.from("value")]]);
    expect(redis.counted.written).toBe(before);
    expect(new Set(redis.troubles)).toEqual(new Set([code]));
    // Ten writes are refused by Redis no more often than it takes to give up.
    expect(redis.troubles.length).toBeLessThanOrEqual(5);
    expect(redis.states).not.toContain("open");
  });

  it.each([
    ["a bit flipped", (value: Buffer) => value.fill(value[40]! ^ 4, 40, 41)],
    ["the version changed", (value: Buffer) => value.fill(9, 0, 1)],
    ["the end cut off", (value: Buffer) => value.subarray(0, -1)],
    ["nothing left", () => Buffer.alloc(0)],
  ])("with %s in every value: all are computed anew, counted, and mended", async (_what, spoil) => {
    const redis = patient(server.url);
    await redis.reached("closed");
    await sameRecords(redis.cache);
    for (const key of await server.control.keys("*")) {
      await server.control.set(key, spoil((await server.control.getBuffer(key))!));
    }
    const { counted, computed } = await sameRecords(redis.cache);
    expect(counted.corrupt).toBe(DIFFERENT_BLOCKS);
    expect(computed).toHaveLength(DIFFERENT_BLOCKS);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
  });

  it("with every value under the key of another, or of another kind", async () => {
    const redis = patient(server.url);
    await redis.reached("closed");
    await sameRecords(redis.cache);
    const keys = await server.control.keys("*");
    const values = await server.control.mgetBuffer(keys);
    for (const [i, key] of keys.entries()) await server.control.set(key, values[(i + 1) % keys.length]!);
    expect((await sameRecords(redis.cache)).counted.corrupt).toBe(DIFFERENT_BLOCKS);
    for (const key of keys) {
      await server.control.del(key);
      await server.control.lpush(key, "no string");
    }
    expect((await sameRecords(redis.cache)).computed).toHaveLength(DIFFERENT_BLOCKS);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
  });

  it("holds no text, under no key and in no value", async () => {
    const redis = patient(server.url);
    await redis.reached("closed");
    await sameRecords(redis.cache);
    for (const key of await server.control.keys("*")) {
      const kept = key + (await server.control.getBuffer(key))!.toString("latin1");
      for (const word of ["Ticket", "regards"]) expect(kept).not.toContain(word);
    }
  });
});
