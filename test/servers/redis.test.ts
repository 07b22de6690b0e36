import { once } from "node:events";
import { connect } from "node:net";
import { Redis } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import { REDIS_GIVEN, startRedis } from "../support/servers/redis.js";
import { sharedRedis } from "../support/servers/shared.js";

const options = {
  lazyConnect: true,
  retryStrategy: () => null,
  maxRetriesPerRequest: 0,
};

/** Connects, works and goes; a client that cannot connect fails. */
async function withClient<T>(client: Redis, work: (client: Redis) => Promise<T>): Promise<T> {
  client.on("error", () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    client.disconnect();
  }
}

describe("the shared Redis", () => {
  it("is one for all who ask", async () => {
    const [one, other] = await Promise.all([sharedRedis(), sharedRedis()]);
    expect(one.url).toBe(other.url);
    expect(await withClient(new Redis(one.url, options), (client) => client.ping())).toBe("PONG");
  });
});

describe.skipIf(REDIS_GIVEN)("a Redis of one's own (REDIS_URL unset)", () => {
  it("comes back empty on its port", async () => {
    const redis = await startRedis();
    await withClient(new Redis(redis.url, options), (client) => client.set("key", "value"));
    await redis.kill();
    expect(redis.pid()).toBeUndefined();
    await expect(withClient(new Redis(redis.url, options), (client) => client.ping())).rejects.toThrow();
    await redis.restart();
    expect(await withClient(new Redis(redis.url, options), (client) => client.get("key"))).toBeNull();
    await redis.stop();
  });

  it("wants its password", async () => {
    const redis = await startRedis({ password: "päss/word" });
    expect(await withClient(new Redis(redis.url, options), (client) => client.ping())).toBe("PONG");
    const stranger = connect(Number(redis.address.split(":")[1]), "127.0.0.1");
    stranger.write("PING\r\n");
    expect(String((await once(stranger, "data"))[0])).toMatch(/^-NOAUTH/);
    stranger.destroy();
    await redis.stop();
  });

  it("speaks TLS, and asks for a certificate where it is told to", async () => {
    const redis = await startRedis({ tls: { clientAuth: true }, password: "secret" });
    const { ca, client: own } = redis.certificates!;
    const ping = (tls: object) =>
      withClient(new Redis(redis.url, { ...options, tls }), (client) => client.ping());
    expect(await ping({ ca, ...own })).toBe("PONG");
    await expect(ping({ ca })).rejects.toThrow();
    await expect(ping({ ...own })).rejects.toThrow();
    await redis.stop();
  });

  it.each([
    ["noeviction", /OOM/],
    ["allkeys-lru", undefined],
  ] as const)("holds its memory to a limit (%s)", async (policy, refusal) => {
    const redis = await startRedis({ maxmemory: "2mb", policy });
    const filling = withClient(new Redis(redis.url, options), async (client) => {
      for (let i = 0; i < 400; i++) await client.set(`key ${i}`, "x".repeat(10_000));
      return client.dbsize();
    });
    if (refusal) await expect(filling).rejects.toThrow(refusal);
    else expect(await filling).toBeLessThan(400);
    await redis.stop();
  });
});

describe("a Redis given by REDIS_URL", () => {
  it("is handed on, and cannot be killed or configured", async () => {
    vi.stubEnv("REDIS_URL", "redis://cache.example");
    vi.resetModules();
    const given = await import("../support/servers/redis.js");
    const redis = await given.startRedis();
    expect(redis).toMatchObject({ url: "redis://cache.example", address: "cache.example:6379" });
    await expect(redis.kill()).rejects.toThrow(/REDIS_URL/);
    await expect(given.startRedis({ maxmemory: "2mb" })).rejects.toThrow(/maxmemory: unset REDIS_URL/);
    vi.unstubAllEnvs();
  });
});
