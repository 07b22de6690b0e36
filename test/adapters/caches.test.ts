import { noCache } from "../../src/adapters/caches.js";
import { cacheContract } from "../contract/cache.js";

cacheContract("no cache", async () => ({ cache: noCache, expire: async () => {} }), false);
