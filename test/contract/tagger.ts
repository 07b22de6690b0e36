/** What every tagger promises, whatever computes or remembers. */
import { afterEach, describe, expect, it } from "vitest";
import { SpanmillError } from "../../src/errors.js";
import type { Tagger } from "../../src/ports/tagger.js";
import type { BlockInput, TaggedBlock } from "../../src/tagging/protocol.js";

const text = (content: string): BlockInput => ({ kind: "text", text: content });

/** Blocks, with the names in them. */
const NAMES: readonly (readonly [block: BlockInput, names: readonly string[]])[] = [
  [text("Alice Smith met Bob"), ["Alice Smith", "Bob"]],
  [text("nobody"), []],
  [text(""), []],
  [text("Bob\nAlice"), ["Bob", "Alice"]],
  [{ kind: "words", words: ["so", "Bob", "left"], sentences: [0], lines: [], glued: [] }, ["Bob"]],
  [text("Alice Smith met Bob"), ["Alice Smith", "Bob"]],
];
const BLOCKS = NAMES.map(([block]) => block);

/**
 * @param open a new one each time. Its lens `ner` knows the names Alice, Smith and Bob; a block with the word `broken` is one
 * that it fails on.
 */
export function taggerContract(name: string, open: () => Promise<Tagger>): void {
  describe(`${name}, as a tagger`, () => {
    const opened: Tagger[] = [];
    const openOne = async () => {
      const tagger = await open();
      opened.push(tagger);
      return tagger;
    };
    afterEach(() => Promise.all(opened.splice(0).map((tagger) => tagger.close())));

    it("says what it is before it is asked anything", async () => {
      const { models, runtime, threads, warnings } = await openOne();
      expect(models.map(({ lenses }) => lenses.map((lens) => lens.name))).toEqual([["ner"]]);
      expect(models[0]!.digest).toMatch(/^[0-9a-f]{64}$/);
      expect(runtime).not.toBe("");
      expect(threads).toBeGreaterThan(0);
      expect(warnings).toEqual([]);
    });

    it("answers each block, in the order of the blocks", async () => {
      const tagger = await openOne();
      const answers = await tagger.tag(BLOCKS);
      expect(answers.map((answer, i) => surfaces(BLOCKS[i]!, answer))).toEqual(
        NAMES.map(([, names]) => names),
      );
      expect(await tagger.tag([])).toEqual([]);
    });

    it("answers a block alike alone, among others, after others, and while others are asked", async () => {
      const together = await (await openOne()).tag(BLOCKS);
      const tagger = await openOne();
      const atOnce = await Promise.all(BLOCKS.map(async (block) => (await tagger.tag([block]))[0]));
      const backwards = await tagger.tag(BLOCKS.toReversed());
      expect(atOnce).toEqual(together);
      expect(backwards.toReversed()).toEqual(together);
    });

    it("fails a request as a whole, by a code, and no other", async () => {
      const tagger = await openOne();
      const before = await tagger.tag(BLOCKS);
      const [failed, other] = await Promise.allSettled([
        tagger.tag([text("Bob came"), text("broken"), text("Alice left")]),
        tagger.tag([text("Bob stayed")]),
      ]);
      expect(failed).toMatchObject({ status: "rejected", reason: { code: "MODEL_OUTPUT" } });
      expect(failed.status === "rejected" && failed.reason).toBeInstanceOf(SpanmillError);
      expect(other.status).toBe("fulfilled");
      expect(await tagger.tag(BLOCKS)).toEqual(before);
      expect(await tagger.tag([text("Bob came")])).toHaveLength(1);
    });

    it("lets nobody wait for ever once it is closed, and may be closed twice", async () => {
      const tagger = await openOne();
      const underWay = Promise.allSettled(BLOCKS.map((block) => tagger.tag([block])));
      await tagger.close();
      await underWay;
      await expect(tagger.tag([text("Alice came late")])).rejects.toBeInstanceOf(SpanmillError);
      await tagger.close();
    });
  });
}

function surfaces(block: BlockInput, { lenses }: TaggedBlock): string[] {
  const whole = block.kind === "text" ? block.text : block.words.join(" ");
  return lenses.ner!.spans.map(({ start, end }) => whole.slice(start, end));
}
