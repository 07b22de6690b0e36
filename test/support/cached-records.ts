/** Documents through a tagger whose cache is under test, beside what they are without any. */
import { expect } from "vitest";
import { cachedTagger } from "../../src/pipeline/block-cache.js";
import type { Cache } from "../../src/ports/cache.js";
import { recordsOf } from "./records.js";
import { type ScriptedTagger, scriptedTagger, textOfBlock } from "./scripted-tagger.js";

/** Blocks that are in several documents, and some that are in one. */
export const TEXTS = Array.from(
  { length: 60 },
  (_, i) => `Ada ${i} met Bob.\n\nTicket ${i % 7} of Zoe\n\nBest regards, Eve ${i % 3}`,
);
export const DIFFERENT_BLOCKS = 60 + 7 + 3;

const bare = recordsOf(scriptedTagger(), TEXTS);

export interface Outcomes {
  /** Blocks by what became of them. */
  readonly counted: Partial<Record<string, number>>;
  /** Texts of the blocks that were computed, in order. */
  readonly computed: readonly string[];
}

/** Returns when all is written, too. @throws where a record differs by a byte from what it is without a cache. */
export async function sameRecords(cache: Cache, texts = TEXTS): Promise<Outcomes> {
  const counted: Partial<Record<string, number>> = {};
  const scripted: ScriptedTagger = scriptedTagger();
  const writes: Promise<void>[] = [];
  const set: Cache["set"] = (entries) => {
    const written = cache.set(entries);
    writes.push(written);
    return written;
  };
  const tagger = cachedTagger(
    scripted,
    { ...cache, set },
    {
      pipeline: "p",
      observe(what, count) {
        counted[what] = (counted[what] ?? 0) + count;
      },
    },
  );
  expect(await recordsOf(tagger, texts)).toEqual(
    texts === TEXTS ? await bare : await recordsOf(scriptedTagger(), texts),
  );
  await Promise.all(writes);
  return { counted, computed: scripted.requests.flat().map(textOfBlock) };
}
