import { describe, expect, it } from "vitest";
import { noCache } from "../../src/adapters/caches.js";
import { memoryCache } from "../../src/adapters/memory/cache.js";
import { openTagger } from "../../src/compose.js";
import { SpanmillError } from "../../src/errors.js";
import { cachedTagger } from "../../src/pipeline/block-cache.js";
import type { Cache } from "../../src/ports/cache.js";
import type { BlockInput } from "../../src/tagging/protocol.js";
import { taggerContract } from "../contract/tagger.js";
import { lookupFolder, ofThreads } from "../support/lookup-model.js";
import { recordsOf } from "../support/records.js";
import { answerTo, type ScriptedTagger, scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";
import { testClock } from "../support/test-clock.js";

const text = (content: string): BlockInput => ({ kind: "text", text: content });
const memory = () => memoryCache({ maxBytes: 1_000_000, ttlMs: 60_000, clock: testClock() });

/** A cached tagger over a scripted one, with what it counted. */
function cached(tagger: ScriptedTagger = scriptedTagger(), cache: Cache = memory(), secret?: string) {
  const counted: Partial<Record<string, number>> = {};
  const wrapped = cachedTagger(tagger, cache, {
    pipeline: "p",
    secret,
    observe(what, count) {
      counted[what] = (counted[what] ?? 0) + count;
    },
  });
  return { ...wrapped, cache, counted, computed: () => tagger.requests.flat().map(textOfBlock) };
}

/** Answers only when it is told to. */
function held() {
  const waiting: (() => void)[] = [];
  const tagger = scriptedTagger(() => new Promise<void>((resolve) => waiting.push(resolve)));
  const release = () => {
    for (const resolve of waiting.splice(0)) resolve();
  };
  return { tagger, release };
}

taggerContract("an engine with a cache", async () =>
  cachedTagger(await openTagger(ofThreads(lookupFolder(), 2)), memory(), { pipeline: "p" }),
);

taggerContract("an engine whose cache keeps nothing", async () =>
  cachedTagger(await openTagger(ofThreads(lookupFolder(), 2)), noCache, { pipeline: "p" }),
);

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a tagger with a cache", () => {
  it("answers as the tagger does, and computes each block once in its life", async () => {
    const { tag, computed, counted } = cached();
    const blocks = ["Ada met Bob", "", "one", "Ada met Bob"].map(text);
    expect(await tag(blocks)).toEqual(blocks.map(answerTo));
    expect(await tag(blocks.toReversed())).toEqual(blocks.toReversed().map(answerTo));
    expect(computed()).toEqual(["Ada met Bob", "", "one"]);
    expect(counted).toEqual({ computed: 3, cached: 3, joined: 2 });
  });

  it("computes what is missing together, in one request", async () => {
    const tagger = scriptedTagger();
    const { tag } = cached(tagger);
    await tag([text("b")]);
    await tag(["a", "b", "c"].map(text));
    expect(tagger.requests).toEqual([[text("b")], [text("a"), text("c")]]);
  });

  it("tells words that are given from a text that reads the same", async () => {
    const { tag, computed } = cached();
    const words: BlockInput = {
      kind: "words",
      words: ["Ada", "Bob"],
      sentences: [0, 1],
      lines: [1],
      glued: [],
    };
    const blocks = [text("Ada\nBob"), words];
    expect(await tag(blocks)).toEqual(blocks.map(answerTo));
    expect(await tag(blocks)).toEqual(blocks.map(answerTo));
    expect(computed()).toHaveLength(2);
  });

  it("asks the tagger nothing for no blocks", async () => {
    const tagger = scriptedTagger();
    expect(await cached(tagger).tag([])).toEqual([]);
    expect(tagger.requests).toEqual([]);
  });

  it("closes the tagger and leaves the cache open", async () => {
    let closed = 0;
    const tagger: ScriptedTagger = { ...scriptedTagger(), close: async () => void closed++ };
    const { tag, close, cache, computed } = cached(tagger);
    await tag([text("a")]);
    await close();
    expect(closed).toBe(1);
    await cached(tagger, cache).tag([text("a")]);
    expect(computed()).toEqual(["a"]);
  });
});

describe("blocks in flight", () => {
  it("are computed once, however many ask", async () => {
    const { tagger, release } = held();
    const { tag, counted } = cached(tagger);
    const answers = Promise.all(Array.from({ length: 50 }, () => tag([text("Ada"), text("Bob")])));
    await turn();
    release();
    expect(await answers).toEqual(
      Array.from({ length: 50 }, () => [answerTo(text("Ada")), answerTo(text("Bob"))]),
    );
    expect(tagger.requests).toEqual([[text("Ada"), text("Bob")]]);
    expect(counted).toEqual({ computed: 2, joined: 98 });
  });

  it("are computed once where nothing is kept at all", async () => {
    const { tagger, release } = held();
    const { tag } = cached(tagger, { get: async () => [], set: async () => {}, close: async () => {} });
    const answers = Promise.all([tag([text("a")]), tag([text("a")])]);
    await turn();
    release();
    await answers;
    expect(tagger.requests).toHaveLength(1);
  });

  const failure = () => new SpanmillError("INFERENCE_FAILED", "scripted");
  const bad = (blocks: readonly BlockInput[]) => blocks.some((block) => textOfBlock(block).startsWith("bad"));

  it("fail all who wait when they fail alone, and are computed anew the next time", async () => {
    let isBroken = true;
    const tagger = scriptedTagger(async () => {
      await turn();
      if (isBroken) throw failure();
    });
    const { tag } = cached(tagger);
    const outcomes = await Promise.allSettled([
      tag([text("a")]),
      tag([text("a")]),
      tag([text("a"), text("a")]),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(tagger.requests).toHaveLength(1);
    isBroken = false;
    expect(await tag([text("a")])).toEqual([answerTo(text("a"))]);
  });

  it("do not fail who joined them for a failure that may be a neighbour's", async () => {
    const tagger = scriptedTagger(async (blocks) => {
      await turn();
      if (bad(blocks)) throw failure();
    });
    const { tag } = cached(tagger);
    const [owner, ...others] = await Promise.allSettled([
      tag([text("bad"), text("good")]),
      tag([text("good")]),
      tag([text("other"), text("good")]),
      tag([text("bad")]),
    ]);
    expect([owner, ...others].map(({ status }) => status)).toEqual([
      "rejected",
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
    const requests = tagger.requests.map((blocks) => blocks.map(textOfBlock).join());
    expect(requests.sort()).toEqual(["bad", "bad,good", "good", "other"]);
  });

  it("do not hang when the cache breaks its word", async () => {
    const broken = { ...memory(), get: () => Promise.reject(new Error("scripted")) };
    const { tag } = cached(scriptedTagger(), broken);
    for (let i = 0; i < 2; i++) await expect(tag([text("a")])).rejects.toThrow("scripted");
  });
});

describe("records", () => {
  const texts = [
    "Ada met Bob.\n\nSee you\n\nBest regards, Eve",
    "> Ada met Bob.\n\nNo \ud800 \u{1f642} Zoe\u0301\n\nBest regards, Eve",
    "",
    "Ada met Bob.\r\n\r\nBest regards,\r\nEve",
  ];

  /** Third scores, which no rounding hides. */
  const thirds = (): ScriptedTagger => {
    const scripted = scriptedTagger();
    const tag = async (blocks: readonly BlockInput[]) =>
      (await scripted.tag(blocks)).map((block) => ({
        ...block,
        lenses: Object.fromEntries(
          Object.entries(block.lenses).map(([name, lens]) => [
            name,
            { ...lens, scores: lens.scores.map((_, i) => 1 / (i + 3)) },
          ]),
        ),
      }));
    return { ...scripted, tag };
  };

  const flipping = (cache: Cache): Cache => ({
    ...cache,
    get: async (keys) =>
      (await cache.get(keys)).map((value) => {
        if (value !== undefined) value[value.length - 1]! ^= 1;
        return value;
      }),
  });
  const moving = (cache: Cache): Cache => ({
    ...cache,
    get: async (keys) => (await cache.get(keys)).toReversed(),
  });
  const cutting = (cache: Cache): Cache => ({
    ...cache,
    get: async (keys) => (await cache.get(keys)).map((value) => value?.subarray(0, -1)),
  });

  it.each([
    ["empty", (cache: Cache) => cache, undefined],
    ["with a secret", (cache: Cache) => cache, "secret"],
    ["flipping a bit of every value", flipping, undefined],
    ["cutting every value", cutting, undefined],
    ["giving values of other keys", moving, undefined],
  ])("are the same bytes without a cache and with one %s, cold and warm", async (_name, wrong, secret) => {
    const bare = await recordsOf(thirds(), texts);
    const cache = wrong(memory());
    for (const state of ["cold", "warm", "warm"]) {
      const { counted, ...tagger } = cached(thirds(), cache, secret);
      expect(await recordsOf(tagger, texts), state).toEqual(bare);
      if (state === "warm") expect(counted.computed === undefined).toBe(counted.corrupt === undefined);
      if (state === "warm") expect((counted.cached ?? 0) + (counted.corrupt ?? 0)).toBeGreaterThan(0);
    }
  });
});
