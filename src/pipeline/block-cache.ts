/**
 * A tagger that remembers: each block is looked up before it is computed, and computed once however many ask for it at
 * the same time. The cache decides how long an answer takes, never what it is.
 */
import type { Cache } from "../ports/cache.js";
import type { Tagger } from "../ports/tagger.js";
import type { BlockInput, TaggedBlock } from "../tagging/protocol.js";
import { blockKey, digestWith } from "./block-key.js";
import { openBlock, sealBlock } from "./block-value.js";

export interface BlockCacheSettings {
  /** All that answers depend on beside the block (`document/answer-digest.ts`). */
  readonly pipeline: string;
  /** With it, keys do not tell which texts were seen, and values cannot be forged. */
  readonly secret?: string | Buffer | undefined;
  /** Counts blocks: from the cache, computed, had from a computation under way, and found in the cache but broken. */
  readonly observe?: ((what: BlockOutcome, count: number) => void) | undefined;
}

export type BlockOutcome = "cached" | "computed" | "joined" | "corrupt";

/**
 * Belongs between a batcher and the engine: the blocks of a request are looked up together, and those that are missing are
 * computed together. `close` closes the tagger; the cache is closed by whoever opened it.
 */
export function cachedTagger(tagger: Tagger, cache: Cache, settings: BlockCacheSettings): Tagger {
  const flights = new Map<string, Flight>();
  const digest = digestWith(settings.secret);
  const observe = settings.observe ?? (() => {});

  const land = (flight: Flight) => flights.delete(flight.name);

  const takeOff = (blocks: readonly Keyed[]): Flight[] => {
    const own = blocks.map(flightOf);
    for (const flight of own) flights.set(flight.name, flight);
    fly(own).catch((error: unknown) => {
      for (const flight of own) {
        land(flight);
        flight.reject(error);
      }
    });
    return own;
  };

  const fly = async (own: readonly Flight[]): Promise<void> => {
    const missing = await lookUp(own);
    if (missing.length === 0) return;
    for (const flight of missing) flight.company = missing.length > 1;
    const tagged = await tagger.tag(missing.map(({ block }) => block));
    observe("computed", missing.length);
    const values = missing.map(({ key }, i) => [key, sealBlock(tagged[i]!, key, digest)] as const);
    // Before the flights land: who asks next finds either the flight or the value.
    void cache.set(values.filter((entry): entry is [Buffer, Buffer] => entry[1] !== undefined));
    missing.forEach((flight, i) => {
      land(flight);
      flight.resolve(tagged[i]!);
    });
  };

  /** Lands what the cache has. @returns the others. */
  const lookUp = async (own: readonly Flight[]): Promise<Flight[]> => {
    const values = await cache.get(own.map(({ key }) => key));
    const missing: Flight[] = [];
    let corrupt = 0;
    own.forEach((flight, i) => {
      const value = values[i];
      const block = value === undefined ? undefined : openBlock(value, flight.key, digest);
      if (block === undefined) {
        missing.push(flight);
        if (value !== undefined) corrupt++;
      } else {
        land(flight);
        flight.resolve(block);
      }
    });
    if (corrupt > 0) observe("corrupt", corrupt);
    if (missing.length < own.length) observe("cached", own.length - missing.length);
    return missing;
  };

  /**
   * A computation that fails alone fails all who wait for it. One that failed in company says nothing of this block, so who
   * joined it asks anew, for this block alone.
   */
  const join = (flight: Flight): Promise<TaggedBlock> => {
    observe("joined", 1);
    return flight.answer.catch((error: unknown) => {
      if (!flight.company) throw error;
      const next = flights.get(flight.name);
      return next === undefined ? takeOff([flight])[0]!.answer : join(next);
    });
  };

  const tag = async (blocks: readonly BlockInput[]): Promise<TaggedBlock[]> => {
    const own = new Map<string, Keyed>();
    const joined = new Map<string, Promise<TaggedBlock>>();
    const names = blocks.map((block) => {
      const key = blockKey(digest, settings.pipeline, block);
      const name = key.toString("latin1");
      if (own.has(name) || joined.has(name)) observe("joined", 1);
      else if (flights.has(name)) joined.set(name, join(flights.get(name)!));
      else own.set(name, { name, key, block });
      return name;
    });
    for (const { name, answer } of takeOff([...own.values()])) joined.set(name, answer);
    return Promise.all(names.map((name) => joined.get(name)!));
  };

  const { models, runtime, warnings, threads } = tagger;
  return { models, runtime, warnings, threads, tag, close: () => tagger.close() };
}

interface Keyed {
  /** The key, as a string that is equal where the key is. */
  readonly name: string;
  readonly key: Buffer;
  readonly block: BlockInput;
}

/** A block on its way: being looked up, then being computed. */
interface Flight extends Keyed {
  readonly answer: Promise<TaggedBlock>;
  readonly resolve: (tagged: TaggedBlock) => void;
  readonly reject: (error: unknown) => void;
  /** Whether it is computed in one request with others. */
  company: boolean;
}

function flightOf({ name, key, block }: Keyed): Flight {
  let resolve!: Flight["resolve"];
  let reject!: Flight["reject"];
  const answer = new Promise<TaggedBlock>((onTagged, onError) => {
    resolve = onTagged;
    reject = onError;
  });
  // Who waits for several answers hears of the first that fails; the others must not count as unheard.
  answer.catch(() => {});
  return { name, key, block, answer, resolve, reject, company: false };
}
