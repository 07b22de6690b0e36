/** What caches are made of: none, and one before the other. */
import type { Cache } from "../ports/cache.js";

/** Asks `far` for what `near` lacks, and puts it there. */
export function tiered(near: Cache, far: Cache): Cache {
  return {
    async get(keys) {
      const values = [...(await near.get(keys))];
      const lacking = keys.flatMap((key, i) => (values[i] === undefined ? [{ key, i }] : []));
      if (lacking.length === 0) return values;
      const fetched = await far.get(lacking.map(({ key }) => key));
      const found: [Buffer, Buffer][] = [];
      lacking.forEach(({ key, i }, place) => {
        const value = fetched[place];
        if (value === undefined) return;
        values[i] = value;
        found.push([key, value]);
      });
      if (found.length > 0) await near.set(found);
      return values;
    },
    async set(entries) {
      await Promise.all([near.set(entries), far.set(entries)]);
    },
    async close() {
      await Promise.all([near.close(), far.close()]);
    },
  };
}

export const noCache: Cache = {
  get: async (keys) => keys.map(() => undefined),
  async set() {},
  async close() {},
};
