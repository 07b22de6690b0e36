/** What every cache promises, asked of one after the other. */
import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { Cache } from "../../src/ports/cache.js";

export interface CacheUnderTest {
  readonly cache: Cache;
  /** Lets the time to live pass. */
  readonly expire: () => Promise<void>;
}

export const keyNamed = (name: string | number): Buffer => createHash("sha256").update(String(name)).digest();

/**
 * @param open a new and empty cache, ready to be asked. Its time to live is longer than a test takes.
 * @param remembers false for one that forgets at once, which a cache may.
 */
export function cacheContract(name: string, open: () => Promise<CacheUnderTest>, remembers = true): void {
  const kept = <T>(values: readonly T[]) => values.map((value) => (remembers ? value : undefined));
  describe(`${name}, as a cache`, () => {
    const opened: Cache[] = [];
    const openOne = async () => {
      const under = await open();
      opened.push(under.cache);
      return under;
    };
    afterEach(() => Promise.all(opened.splice(0).map((cache) => cache.close())));

    it("gives back what was put under a key, and nothing for other keys, in the order of the keys", async () => {
      const { cache } = await openOne();
      await cache.set([
        [keyNamed("a"), Buffer.from("first")],
        [keyNamed("b"), Buffer.from("second")],
      ]);
      const values = await cache.get(["b", "none", "a", "b"].map(keyNamed));
      expect(values.map((value) => value?.toString())).toEqual(
        kept(["second", undefined, "first", "second"]),
      );
    });

    it("keeps every byte, and values without bytes", async () => {
      const { cache } = await openOne();
      const all = Buffer.from(Array.from({ length: 512 }, (_, i) => i % 256));
      await cache.set([
        [keyNamed("all"), all],
        [keyNamed("none"), Buffer.alloc(0)],
      ]);
      expect(await cache.get([keyNamed("all"), keyNamed("none")])).toEqual(kept([all, Buffer.alloc(0)]));
    });

    it("keeps the last value of a key", async () => {
      const { cache } = await openOne();
      await cache.set([[keyNamed("a"), Buffer.from("old")]]);
      await cache.set([[keyNamed("a"), Buffer.from("new")]]);
      expect(await cache.get([keyNamed("a")])).toEqual(kept([Buffer.from("new")]));
    });

    it("is not changed by who changes a buffer that was put in or came out", async () => {
      const { cache } = await openOne();
      const value = Buffer.from("value");
      await cache.set([[keyNamed("a"), value]]);
      value.fill(0);
      (await cache.get([keyNamed("a")]))[0]?.fill(0);
      expect(await cache.get([keyNamed("a")])).toEqual(kept([Buffer.from("value")]));
    });

    it("answers for no keys and for a thousand", async () => {
      const { cache } = await openOne();
      expect(await cache.get([])).toEqual([]);
      await cache.set([]);
      const keys = Array.from({ length: 1_000 }, (_, i) => keyNamed(i));
      await cache.set(keys.map((key, i) => [key, Buffer.from(`value ${i}`)]));
      const values = await cache.get(keys);
      expect(values.map((value) => value?.toString())).toEqual(kept(keys.map((_, i) => `value ${i}`)));
    });

    it("forgets a value when its time is over", async () => {
      const { cache, expire } = await openOne();
      await cache.set([[keyNamed("a"), Buffer.from("value")]]);
      await expire();
      expect(await cache.get([keyNamed("a")])).toEqual([undefined]);
    });

    it("answers with misses after it was closed, and may be closed twice", async () => {
      const { cache } = await openOne();
      await cache.set([[keyNamed("a"), Buffer.from("value")]]);
      await cache.close();
      expect(await cache.get([keyNamed("a")])).toEqual([undefined]);
      await cache.set([[keyNamed("a"), Buffer.from("value")]]);
      await cache.close();
    });
  });
}
