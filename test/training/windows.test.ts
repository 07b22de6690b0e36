/** The windows of a training are those that are served, beside shorter and longer ones. */
import { describe, expect, it } from "vitest";
import type { LabelledDocument } from "../../src/dataset/document.js";
import { prepareWords } from "../../src/dataset/prepare.js";
import { labelSet } from "../../src/tagging/schemes.js";
import { engine } from "../../src/tagging/tag.js";
import { documentEncoder, type EncodedDocument } from "../../src/training/encoded.js";
import { type Random, random } from "../../src/training/random.js";
import { windowsOf } from "../../src/training/windows.js";
import { letterTokenizer } from "./letter-tokenizer.js";

const WINDOW = 66;
const TOKENIZER = letterTokenizer();
const ROOM = WINDOW - TOKENIZER.prefix.length - TOKENIZER.suffix.length;
const draw = random(3, "windows.test");

/** Sentences of 1 to 12 words of 1 to 8 letters, each a paragraph or part of one. */
function documentOf(sentences: number, paragraphs: boolean): LabelledDocument {
  const below = (most: number) => Math.floor(draw.unit() * most);
  return {
    columnNames: ["1", "2"],
    sentences: Array.from({ length: sentences }, (_, i) => {
      const size = 1 + below(12);
      const word = () => Array.from({ length: 1 + below(8) }, () => "abcdefgh"[below(8)]!).join("");
      const words = Array.from({ length: size }, word);
      const spaceAfter = words.map((_, at) => at === size - 1 || draw.unit() < 0.8);
      const newParagraph = paragraphs && (i === 0 || draw.unit() < 0.4);
      return { words, spaceAfter, newParagraph, columns: [words, words.map(() => "O")], tokens: [], line: 1 };
    }),
  } as unknown as LabelledDocument;
}

/** As a training reads it: where a file marks no paragraph, each sentence is one. */
function encoded(document: LabelledDocument): EncodedDocument {
  const marked = document.sentences.some(({ newParagraph }) => newParagraph);
  const sentences = document.sentences.map(({ words, spaceAfter, newParagraph }, i) => ({
    words,
    blankBefore: words.map((_, at) => at === 0 || spaceAfter[at - 1]!),
    newParagraph: !marked || i === 0 || newParagraph,
    answers: [],
  }));
  const [only] = documentEncoder(TOKENIZER, ROOM)({ sentences });
  return only!;
}

/** What the engine hands its encoder. */
async function served(document: LabelledDocument): Promise<number[][]> {
  const seen: number[][] = [];
  const run = async (ids: readonly number[]) => {
    seen.push([...ids].slice(TOKENIZER.prefix.length, -TOKENIZER.suffix.length));
    return new Map([["logits", new Float32Array(2 * ids.length)]]);
  };
  const lens = { name: "pos", output: "logits", labelSet: labelSet(["A", "B"], "none"), temperature: 1 };
  const model = {
    tokenizer: TOKENIZER,
    encoder: { prefix: TOKENIZER.prefix, suffix: TOKENIZER.suffix, run },
    lenses: [lens],
    window: WINDOW,
    tokenTypes: "zeros" as const,
  };
  const { tag } = engine([model], { strategy: "constrained", columns: true });
  for (const input of prepareWords({ id: "", revision: "" }, document, "block").inputs) await tag(input);
  return seen;
}

const CUTTING = { room: ROOM, labelledPieces: "first", lenses: 0 } as const;
const always = (unit: number) => ({ unit: () => unit }) as Random;
const idsOf = (document: EncodedDocument, chance: Random) =>
  windowsOf(document, CUTTING, chance).map(({ ids }) => [...ids]);

describe("the windows of a training", () => {
  it("are those of the engine, where they are cut as served", async () => {
    for (const paragraphs of [false, true]) {
      for (let i = 0; i < 60; i++) {
        const document = documentOf(1 + (i % 40), paragraphs);
        expect(idsOf(encoded(document), always(0))).toEqual(await served(document));
      }
    }
  });

  it("are single sentences now and then, and of all lengths up to the whole", () => {
    const document = encoded(documentOf(40, true));
    const sentences = new Set(document.sentences.map(({ ids }) => ids.join()));
    const asServed = new Set(idsOf(document, always(0)).map((ids) => ids.join()));
    let [alone, like, longest, all] = [0, 0, 0, 0];
    for (let epoch = 0; epoch < 300; epoch++) {
      for (const ids of idsOf(document, random(epoch, "mixture"))) {
        all++;
        longest = Math.max(longest, ids.length);
        const key = ids.join();
        if (asServed.has(key)) like++;
        else if (sentences.has(key)) alone++;
      }
    }
    expect(alone / all).toBeGreaterThan(0.1);
    expect(like / all).toBeGreaterThan(0.1);
    expect(longest).toBeGreaterThan(0.9 * ROOM);
  });

  it("cut one sentence alone, or as many as fit a part of the room, as is drawn", () => {
    const document = encoded(documentOf(30, true));
    const fitting = document.sentences.filter(({ ids }) => ids.length <= ROOM);
    const alone = idsOf(document, always(0.5)).map((ids) => ids.join());
    for (const { ids } of fitting) expect(alone).toContain(ids.join());
    const parts = idsOf(document, always(0.99));
    expect(parts.flat()).toEqual(document.sentences.flatMap(({ ids }) => [...ids]));
    expect(parts.length).toBeLessThan(alone.length);
  });
});
