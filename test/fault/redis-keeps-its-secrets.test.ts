/** Passwords and certificates are taken from files, a wrong one is only a miss, and none is ever told. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { RedisConnection } from "../../src/adapters/redis/connection.js";
import { DIFFERENT_BLOCKS, sameRecords } from "../support/cached-records.js";
import { type ObservedRedis, observedRedis } from "../support/observed-redis.js";
import { type ControlledRedis, controlledRedis } from "../support/redis-server.js";
import { REDIS_GIVEN } from "../support/servers/redis.js";
import { temporaryFolder } from "../support/temporary.js";

const folder = temporaryFolder();
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

describe.skipIf(REDIS_GIVEN)("a Redis with password and TLS (skipped with the Redis of REDIS_URL)", () => {
  const PASSWORD = "canary pass";
  const passwordFile = file("password", `${PASSWORD}\n`);
  let server: ControlledRedis;
  let reach: RedisConnection & { tls: NonNullable<RedisConnection["tls"]> };
  const opened: ObservedRedis[] = [];
  const open = (connection: Partial<RedisConnection>) => {
    const redis = observedRedis({ ...reach, ...connection, commandTimeoutMs: 5_000 });
    opened.push(redis);
    return redis;
  };

  beforeAll(async () => {
    server = await controlledRedis({ password: PASSWORD, tls: { clientAuth: true } });
    const { ca, client } = server.certificates!;
    reach = {
      url: `rediss://${server.address}/2`,
      passwordFile,
      tls: {
        caFile: file("ca", ca),
        certFile: file("cert", client.cert),
        keyFile: file("key", client.key),
      },
    };
    await server.control.acl("SETUSER", "ada", "on", ">canary too", "~test:*", "+mget", "+set", "+select");
  }, 180_000);
  afterEach(() => Promise.all(opened.splice(0).map(({ cache }) => cache.close())));
  afterAll(() => server.stop());

  it.each([
    ["the password", () => ({})],
    [
      "a user who may do nothing but MGET, SET and SELECT",
      () => ({ usernameFile: file("user", "ada"), passwordFile: file("other", "canary too") }),
    ],
  ])("is used with %s", async (_what, connection) => {
    await server.control.flushall();
    const redis = open(connection());
    await redis.reached("closed");
    await sameRecords(redis.cache);
    expect((await sameRecords(redis.cache)).computed).toEqual([]);
    expect(redis.troubles).toEqual([]);
  });

  const wrong: [string, () => Partial<RedisConnection>, string][] = [
    ["a wrong password", () => ({ passwordFile: file("wrong", "canary wrong") }), "WRONGPASS"],
    ["no password", () => ({ passwordFile: undefined }), "NOAUTH"],
    ["an authority that is not its own", () => ({ tls: {} }), "SELF_SIGNED_CERT_IN_CHAIN"],
  ];

  it.each(wrong)(
    "is a cache of misses with %s, and says no more than a code",
    async (_what, connection, code) => {
      const printed = ["log", "warn", "error"].map((name) =>
        vi.spyOn(console, name as "log").mockReturnValue(),
      );
      const redis = open(connection());
      while (!redis.troubles.includes(code)) {
        await redis.cache.get([Buffer.alloc(32)]);
        await new Promise(setImmediate);
      }
      const { computed } = await sameRecords(redis.cache);
      expect(computed.length).toBeGreaterThanOrEqual(DIFFERENT_BLOCKS);
      expect(redis.troubles.join()).toMatch(/^[A-Z_,]+$/);
      expect(inspect([redis.troubles, redis.states, redis.counted])).not.toContain("canary");
      for (const spy of printed) {
        expect(inspect(spy.mock.calls)).toBe("[]");
        spy.mockRestore();
      }
    },
  );
});
