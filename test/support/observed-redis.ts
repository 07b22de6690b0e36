/** The Redis cache with all that it tells, for tests that ask what it cost. */
import {
  type RedisCache,
  type RedisCacheSettings,
  type RedisState,
  redisCache,
} from "../../src/adapters/redis/cache.js";
import type { ControlledRedis } from "./redis-server.js";

export interface ObservedRedis {
  readonly cache: RedisCache;
  /** Keys and values by what became of them. */
  readonly counted: Partial<Record<string, number>>;
  readonly troubles: string[];
  readonly states: RedisState[];
  /** Resolves when the cache is in that state. */
  reached(state: RedisState): Promise<void>;
  /** Resolves at the next trouble. */
  troubled(): Promise<void>;
}

export function observedRedis(settings: Partial<RedisCacheSettings> & { url: string }): ObservedRedis {
  const counted: Partial<Record<string, number>> = {};
  const troubles: string[] = [];
  const states: RedisState[] = [];
  const hearing: (() => void)[] = [];
  const waiting = new Map<RedisState, (() => void)[]>();
  const cache = redisCache({
    prefix: "test:",
    ttlMs: 60_000,
    commandTimeoutMs: 50,
    clock: performance,
    observe(what, count) {
      counted[what] = (counted[what] ?? 0) + count;
    },
    onTrouble(code) {
      troubles.push(code);
      for (const resolve of hearing.splice(0)) resolve();
    },
    onState(state) {
      states.push(state);
      for (const resolve of waiting.get(state) ?? []) resolve();
      waiting.delete(state);
    },
    ...settings,
  });
  const reached = (state: RedisState) =>
    new Promise<void>((resolve) => {
      if (cache.state() === state) resolve();
      else waiting.set(state, [...(waiting.get(state) ?? []), resolve]);
    });
  const troubled = () => new Promise<void>((resolve) => hearing.push(resolve));
  return { cache, counted, troubles, states, reached, troubled };
}

/** Has the server asleep when it resolves. @returns what wakes it, and nothing else does. */
export async function putToSleep(
  server: Pick<ControlledRedis, "url" | "kill">,
): Promise<{ readonly wake: () => Promise<void> }> {
  const probe = observedRedis({ url: server.url });
  await probe.reached("closed");
  await server.kill("SIGSTOP");
  while (probe.counted.timeout === undefined) await probe.cache.get([Buffer.alloc(32)]);
  await probe.cache.close();
  return { wake: () => server.kill("SIGCONT") };
}
