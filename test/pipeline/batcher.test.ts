import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { batcher, sizeOf } from "../../src/pipeline/batcher.js";
import type { BlockInput, TaggedBlock } from "../../src/tagging/protocol.js";
import { answerTo, scriptedTagger, textOfBlock } from "../support/scripted-tagger.js";

const text = (content: string): BlockInput => ({ kind: "text", text: content });
const words = (...list: string[]): BlockInput => ({
  kind: "words",
  words: list,
  sentences: [0],
  lines: [],
  glued: [],
});
const sizes = (requests: readonly (readonly BlockInput[])[]) =>
  requests.map((blocks) => blocks.reduce((sum, block) => sum + sizeOf(block), 0));

const block = fc.oneof(
  fc.nat({ max: 3_000 }).map((length) => text("x".repeat(length))),
  fc.array(fc.constantFrom("a", "Bcd"), { maxLength: 5 }).map((list) => words(...list)),
  fc.constantFrom("Ada met Bob", "", "B").map(text),
);

describe("a batcher", () => {
  it("answers each block for itself, in order, whatever the grouping and whichever request ends first", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.array(block, { maxLength: 6 }), { maxLength: 8 }),
        async (scheduler, documents) => {
          const tagger = scriptedTagger(() => scheduler.schedule(Promise.resolve()));
          const { tag } = batcher(tagger);
          const answers = Promise.all(documents.map((blocks) => tag(blocks)));
          await scheduler.waitFor(answers);
          expect(await answers).toEqual(documents.map((blocks) => blocks.map(answerTo)));
          expect(tagger.requests.flat()).toEqual(documents.flat());
        },
      ),
      { numRuns: 100 },
    );
  });

  it("puts blocks of several documents into one request", async () => {
    const tagger = scriptedTagger();
    const { tag } = batcher(tagger);
    await Promise.all([tag([text("one"), text("two")]), tag([words("three")])]);
    expect(tagger.requests).toEqual([[text("one"), text("two"), words("three")]]);
  });

  it("lets go of what it has answered, though something always waits", async () => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    const tagger = {
      ...scriptedTagger(),
      async tag(blocks: readonly BlockInput[]) {
        await turn();
        return blocks.map(answerTo);
      },
    };
    const { tag } = batcher(tagger, { requests: 1, threads: 1, deadline: 60_000, onStuck: () => {} });
    const given: WeakRef<BlockInput>[] = [];
    const ask = () => {
      const block = text("x".repeat(2_000));
      given.push(new WeakRef(block));
      return tag([block]);
    };
    const waiting = [ask(), ask(), ask()];
    for (let i = 0; i < 5_000; i++) {
      waiting.push(ask());
      await waiting.shift();
    }
    // A weak reference holds on until the turn of the loop in which it was made is over.
    await turn();
    collect();
    expect(given.filter((ref) => ref.deref() !== undefined).length).toBeLessThan(2_000);
    await Promise.all(waiting);
  });

  it("spreads a long document, each request just full", async () => {
    const tagger = scriptedTagger();
    const long = Array.from({ length: 100 }, () => text("x".repeat(150)));
    await batcher(tagger).tag(long);
    const all = sizes(tagger.requests);
    expect(all).toHaveLength(8);
    for (const size of all.slice(0, -1)) {
      expect(size).toBeGreaterThanOrEqual(2_000);
      expect(size).toBeLessThan(2_150);
    }
  });

  it("does not wait for a request that is not full", async () => {
    const tagger = scriptedTagger();
    const { tag } = batcher(tagger);
    for (const one of ["a", "b", "c"]) expect(await tag([text(one)])).toEqual([answerTo(text(one))]);
    expect(tagger.requests).toHaveLength(3);
  });

  it("lets what is at hand gather before a request leaves", async () => {
    const tagger = scriptedTagger();
    const { tag } = batcher(tagger);
    const first = tag([text("a")]);
    await Promise.resolve();
    const second = tag([text("b")]);
    expect(tagger.requests).toEqual([]);
    await Promise.all([first, second]);
    expect(tagger.requests).toEqual([[text("a"), text("b")]]);
  });

  it("asks nothing for a document without blocks", async () => {
    const tagger = scriptedTagger();
    expect(await batcher(tagger).tag([])).toEqual([]);
    expect(tagger.requests).toEqual([]);
  });
});

describe("a request that fails", () => {
  const failing = (asynchronous: boolean) =>
    scriptedTagger((blocks) => {
      if (!blocks.some((block) => textOfBlock(block).includes("bad"))) return;
      const error = new Error(blocks.length === 1 ? `for ${textOfBlock(blocks[0]!)}` : "for many");
      if (asynchronous) return Promise.reject(error);
      throw error;
    });

  it.each([true, false])("fails the bad blocks alone, each with its own reason", async (asynchronous) => {
    const { tag } = batcher(failing(asynchronous));
    const documents = ["a", "bad b", "c", "bad d", "e"].map((content) => tag([text(content)]));
    const outcomes = await Promise.allSettled(documents);
    expect(outcomes.map((outcome) => ("reason" in outcome ? String(outcome.reason) : outcome.value))).toEqual(
      [
        [answerTo(text("a"))],
        "Error: for bad b",
        [answerTo(text("c"))],
        "Error: for bad d",
        [answerTo(text("e"))],
      ],
    );
  });

  it("fails a document of which one block is bad, and leaves no failure unheard", async () => {
    const { tag } = batcher(failing(true));
    const [bad, good] = await Promise.allSettled([
      tag([text("a"), text("bad b"), text("bad c")]),
      tag([text("d")]),
    ]);
    expect(bad).toMatchObject({
      status: "rejected",
      reason: expect.objectContaining({ message: "for bad b" }),
    });
    expect(good.status).toBe("fulfilled");
  });

  it("does not harm the next one", async () => {
    const { tag } = batcher(failing(true));
    await expect(tag([text("bad")])).rejects.toThrow("for bad");
    expect(await tag([text("good")])).toEqual([answerTo(text("good"))]);
  });
});

describe("a deadline", () => {
  /** An engine whose requests are answered by hand, in any order. */
  function byHand(threads: number, deadline: number) {
    vi.useFakeTimers();
    const answer: (() => void)[] = [];
    const stuck: (readonly string[])[] = [];
    const tagger = {
      ...scriptedTagger(),
      tag: (blocks: readonly BlockInput[]) =>
        new Promise<TaggedBlock[]>((resolve) => answer.push(() => resolve(blocks.map(answerTo)))),
    };
    const onStuck = (owners: readonly string[]) => void stuck.push(owners);
    const { tag } = batcher<string>(tagger, { requests: 8, threads, deadline, onStuck });
    const ask = (owner: string, size = 2_000) => tag([text("x".repeat(size))], owner);
    return { ask, answer, stuck };
  }
  afterEach(() => vi.useRealTimers());

  it("is in proportion to the request, and never so long that a timer fires at once", async () => {
    const { ask, stuck } = byHand(1, 3_600_000);
    void ask("huge", 4_000_000);
    await vi.advanceTimersByTimeAsync(2 ** 31 - 2);
    expect(stuck).toEqual([]);
    await vi.advanceTimersByTimeAsync(2);
    expect(stuck).toEqual([["huge"]]);
  });

  it("begins when a thread takes the request, not while it waits behind a long one", async () => {
    const { ask, answer, stuck } = byHand(1, 1_000);
    void ask("long", 20_000);
    const short = ask("short");
    await vi.advanceTimersByTimeAsync(9_000);
    answer[0]!();
    await vi.advanceTimersByTimeAsync(900);
    expect(stuck).toEqual([]);
    answer[1]!();
    expect(await short).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stuck).toEqual([]);
  });

  it("names once what the threads hold, and nobody who waits behind them", async () => {
    const { ask, answer, stuck } = byHand(2, 1_000);
    for (const owner of ["a", "b", "c", "d"]) void ask(owner);
    await vi.advanceTimersByTimeAsync(500);
    answer[1]!();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stuck).toEqual([["a", "c"]]);
  });
});
