import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BlockInput, TaggedBlock, WordBlock } from "../../src/tagging/protocol.js";
import { labelSet } from "../../src/tagging/schemes.js";
import { engine, type Lens, type TagOptions } from "../../src/tagging/tag.js";
import { type ScriptedModel, scriptedModel } from "../support/scripted-model.js";

const NER = labelSet(["O", "B-PER", "I-PER"]);
const SIZE = labelSet(["SHORT", "LONG"], "none");

/** Capital letters open names or go on with them, as both would do. */
const ner: Lens = { name: "ner", output: "names", labelSet: NER, temperature: 1 };
const size: Lens = { name: "size", output: "sizes", labelSet: SIZE, temperature: 1 };
const scores = {
  names: (word: string) => (/^\p{Lu}/u.test(word) ? [0, 3, 3.5] : [5, 0, 0]),
  sizes: (word: string) => (word.length > 3 ? [0, 2] : [2, 0]),
};

function model(lenses: readonly Lens[] = [ner, size], window = 12): ScriptedModel {
  return scriptedModel(lenses, scores, window);
}

async function tag(
  block: BlockInput,
  models = [model()],
  options: Partial<TagOptions> = {},
): Promise<TaggedBlock> {
  return engine(models, { strategy: "constrained", columns: true, ...options }).tag(block);
}

const text = (content: string): BlockInput => ({ kind: "text", text: content });
const surfaces = (content: string, { starts, ends }: TaggedBlock) =>
  starts.map((start, i) => content.slice(start, ends[i]));

describe("the engine", () => {
  it("labels the same words in every lens, and gives spans of the text", async () => {
    const content = "Ada Lovelace, London\nBob slept.";
    const tagged = await tag(text(content));
    expect(surfaces(content, tagged)).toEqual(["Ada", "Lovelace", ",", "London", "Bob", "slept", "."]);
    expect(tagged.words).toBe(7);
    expect(tagged.lenses.ner!.labels).toEqual([1, 2, 0, 1, 1, 0, 0]);
    expect(tagged.lenses.size!.labels).toEqual([0, 1, 0, 1, 0, 1, 0]);
    expect(
      tagged.lenses.ner!.spans.map(({ start, end, label }) => [content.slice(start, end), label]),
    ).toEqual([
      ["Ada Lovelace", "PER"],
      ["London", "PER"],
      ["Bob", "PER"],
    ]);
    expect(tagged.lenses.size!.spans).toEqual([]);
  });

  it("lets no span run into the next line", async () => {
    const spans = async (content: string) => (await tag(text(content))).lenses.ner!.spans.length;
    expect(await spans("Ada Bob")).toBe(1);
    expect(await spans("Ada\nBob")).toBe(2);
  });

  it("tells the tokenizer where a blank stands before a word", async () => {
    const reading = model();
    await tag(text('Ada said "so".\nBob did'), [reading]);
    expect(reading.encoded).toEqual(["Ada", " said", ' "', "so", '"', ".", " Bob", " did"]);
    const given = model();
    await tag({ kind: "words", words: ["Ada", "said", ".", "Bob"], sentences: [0], lines: [3], glued: [2] }, [
      given,
    ]);
    expect(given.encoded).toEqual(["Ada", " said", ".", " Bob"]);
  });

  it("gives no words unless asked, and the same spans", async () => {
    const content = text("Ada Lovelace met Bob.");
    const [bare, full] = [await tag(content, [model()], { columns: false }), await tag(content)];
    expect(bare).toMatchObject({ words: 5, starts: [], ends: [], sentences: [] });
    expect(bare.lenses.ner).toEqual({ spans: full.lenses.ner!.spans, labels: [], scores: [] });
  });

  it("reads one segmentation with several models, and counts what all of them did", async () => {
    const models = [model([ner], 12), model([size], 5)];
    const content = text(`Ada met Bob in London ${"x".repeat(300)} today.`);
    const apart = [await tag(content, [models[0]!]), await tag(content, [models[1]!])];
    const together = await tag(content, models);
    expect(together.lenses).toEqual({ ...apart[0]!.lenses, ...apart[1]!.lenses });
    expect(together.windows).toBe(apart[0]!.windows + apart[1]!.windows);
    expect(together.truncatedWords).toBe(2);
  });

  it("gives well-formed labels under constrained decoding alone", async () => {
    expect((await tag(text("met Ada Bob"))).lenses.ner!.labels).toEqual([0, 1, 2]);
    expect((await tag(text("met Ada Bob"), [model()], { strategy: "argmax" })).lenses.ner!.labels).toEqual([
      0, 2, 2,
    ]);
  });

  describe("of a model that was trained with word shapes", () => {
    const words = ["Ada", "internationally", "IBM", "3.14", "...", "iPhone"];
    const block: BlockInput = { kind: "words", words, sentences: [0], lines: [], glued: [] };
    const shaped = () => scriptedModel([ner], scores, 6, "word_shapes");

    it("feeds the shape at every piece of a word, in windows that overlap, and 0 at special tokens", async () => {
      const reading = shaped();
      // Ada is piece 4, internationally 5 and 3, IBM 6, and so on; 1 and 2 open and close a window of 6.
      const windows = [
        { ids: [1, 4, 5, 3, 6, 2], tokenTypes: [0, 2, 1, 1, 3, 0] },
        { ids: [1, 6, 7, 8, 9, 2], tokenTypes: [0, 3, 7, 9, 5, 0] },
      ];
      const engineOfShapes = engine([reading], { strategy: "constrained", columns: false });
      await engineOfShapes.tag(block);
      expect(reading.runs).toEqual(windows);
      await engineOfShapes.tag(block);
      expect(reading.runs, "from the cache").toEqual([...windows, ...windows]);
    });

    it("looks at all of a word of which the encoder sees the start", async () => {
      const reading = shaped();
      await tag({ ...block, words: [`${"a".repeat(300)}1`] }, [reading]);
      expect(reading.runs.map(({ tokenTypes }) => tokenTypes)).toEqual([[0, 8, 8, 8, 8, 0]]);
    });

    it("leaves the zeros of other models alone", async () => {
      const [shapes, zeros] = [shaped(), scriptedModel([size], scores, 6)];
      await tag(block, [shapes, zeros]);
      expect(zeros.runs.map(({ tokenTypes }) => tokenTypes)).toEqual([undefined, undefined]);
      expect(zeros.runs.map(({ ids }) => ids)).toEqual(shapes.runs.map(({ ids }) => ids));
    });
  });

  it("answers for a block without words", async () => {
    expect(await tag(text(""))).toEqual({
      words: 0,
      starts: [],
      ends: [],
      sentences: [],
      lenses: { ner: { spans: [], labels: [], scores: [] }, size: { spans: [], labels: [], scores: [] } },
      windows: 0,
      truncatedWords: 0,
    });
  });

  it("answers words that are given as it answers the text they come from", async () => {
    const stretch = fc.constantFrom("Ada", "Lovelace,", "met", '"Bob"', "e.g.", "x.", "Dr.", "(so)", "don't");
    const lines = fc.array(fc.array(stretch, { minLength: 1, maxLength: 9 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(lines, async (lines) => {
        const content = lines.map((line) => line.join(" ")).join("\n");
        const tagged = await tag(text(content));
        expect(await tag(asWords(content, tagged))).toEqual(tagged);
      }),
      { numRuns: 100 },
    );
  });

  it("keeps words that are given whatever they are, each in its own place", async () => {
    const block: WordBlock = {
      kind: "words",
      words: ["New York", "a.b.", "Bob"],
      sentences: [0, 2],
      lines: [2],
      glued: [1],
    };
    const { lenses, ...tagged } = await tag(block);
    expect(tagged).toMatchObject({ starts: [0, 8, 13], ends: [8, 12, 16], sentences: [0, 2] });
    expect(lenses.ner!.spans.map(({ start, end }) => [start, end])).toEqual([
      [0, 8],
      [13, 16],
    ]);
  });
});

/** The words that the splitter found, as a label file would give them. */
function asWords(content: string, tagged: TaggedBlock): WordBlock {
  const { starts, ends, sentences } = tagged;
  return {
    kind: "words",
    words: surfaces(content, tagged),
    sentences,
    lines: starts.flatMap((start, i) => (content[start - 1] === "\n" ? [i] : [])),
    glued: starts.flatMap((start, i) => (i > 0 && start === ends[i - 1] ? [i] : [])),
  };
}
