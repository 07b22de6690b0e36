/** The cache in the process: the values used last, bounded in bytes. */
import { LRUCache } from "lru-cache";
import type { Cache } from "../../ports/cache.js";
import type { Clock } from "../../ports/clock.js";

export interface MemoryCacheSettings {
  /** Of keys, values, and what keeping them costs. */
  readonly maxBytes: number;
  readonly ttlMs: number;
  readonly clock: Pick<Clock, "now">;
  readonly observe?: ((what: MemoryOutcome, count: number) => void) | undefined;
}

/** Of keys: found and not found. Of values: dropped for want of room. */
export type MemoryOutcome = "hit" | "miss" | "evicted";

export interface MemoryCache extends Cache {
  /** What is kept now, for gauges. */
  readonly size: () => { readonly entries: number; readonly bytes: number };
}

/** Measured by filling one with small entries (`test/adapters/memory/cache.test.ts`), rounded up. */
const BYTES_AN_ENTRY = 250;

/**
 * Keys and values are kept as one-byte strings, which are copies: a Buffer from a socket is a view that would keep the
 * whole of its chunk alive, and one that the caller changes later would change the cache.
 */
export function memoryCache({
  maxBytes,
  ttlMs,
  clock,
  observe = () => {},
}: MemoryCacheSettings): MemoryCache {
  let entries = lru(maxBytes, ttlMs, clock, observe);
  return {
    async get(keys) {
      const values = keys.map((key) => entries?.get(key.toString("latin1")));
      const hits = values.reduce((sum, value) => sum + (value === undefined ? 0 : 1), 0);
      if (hits > 0) observe("hit", hits);
      if (hits < keys.length) observe("miss", keys.length - hits);
      return values.map((value) => (value === undefined ? undefined : Buffer.from(value, "latin1")));
    },
    async set(values) {
      for (const [key, value] of values) entries?.set(key.toString("latin1"), value.toString("latin1"));
    },
    async close() {
      entries = undefined;
    },
    size: () => ({ entries: entries?.size ?? 0, bytes: entries?.calculatedSize ?? 0 }),
  };
}

function lru(
  maxBytes: number,
  ttlMs: number,
  { now }: Pick<Clock, "now">,
  observe: NonNullable<MemoryCacheSettings["observe"]>,
): LRUCache<string, string> | undefined {
  return new LRUCache({
    maxSize: maxBytes,
    sizeCalculation: (value, key) => key.length + value.length + BYTES_AN_ENTRY,
    ttl: ttlMs,
    // Without resolution it asks the clock each time and sets no timer.
    ttlResolution: 0,
    // To it a time of 0 is none.
    perf: { now: () => now() + 1 },
    disposeAfter: (_value, _key, reason) => {
      if (reason === "evict") observe("evicted", 1);
    },
  });
}
