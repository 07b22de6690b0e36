import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LabelledDocument, LabelledSentence } from "../../src/dataset/document.js";
import { CONTEXTS, prepareWords } from "../../src/dataset/prepare.js";
import { textOf } from "../../src/dataset/text.js";
import { type Block, JOIN_TO, toView } from "../../src/document/blocks.js";
import { prepareText } from "../../src/document/prepare.js";
import type { WordBlock } from "../../src/tagging/protocol.js";
import { joinedWords } from "../support/scripted-tagger.js";

const identity = { id: "doc", revision: "7" };

/** A sentence from its words; one that ends in `+` touches the next. */
function sentence(marked: string, more: Partial<LabelledSentence> = {}): LabelledSentence {
  const parts = marked === "" ? [] : marked.split(" ");
  return {
    id: undefined,
    line: 1,
    words: parts.map((part) => part.replace(/\+$/, "")),
    spaceAfter: parts.map((part) => !part.endsWith("+")),
    columns: [],
    newParagraph: false,
    text: undefined,
    tokens: [],
    ...more,
  };
}

function documentOf(sentences: readonly LabelledSentence[], hasSpacing = true): LabelledDocument {
  return { id: undefined, line: 1, columnNames: [], hasSpacing, sentences };
}

const paragraph = { newParagraph: true };

function prepared(document: LabelledDocument, context: (typeof CONTEXTS)[number], joinTo?: number) {
  const made = prepareWords(identity, document, context, joinTo);
  return { ...made, inputs: made.inputs as WordBlock[] };
}

const texts = (document: LabelledDocument, context: (typeof CONTEXTS)[number], joinTo?: number) =>
  prepared(document, context, joinTo).inputs.map((input) => joinedWords(input).text);

describe("what the engine sees at once", () => {
  const document = documentOf([
    sentence("One two+ ."),
    sentence("Three+ .+"),
    sentence("Four", paragraph),
    sentence("Five six seven eight", paragraph),
    sentence("Nine", paragraph),
  ]);

  test("sentence: each sentence alone", () => {
    expect(texts(document, "sentence")).toEqual([
      "One two.",
      "Three.",
      "Four",
      "Five six seven eight",
      "Nine",
    ]);
  });

  test("document: all of it, a line for each paragraph", () => {
    expect(texts(document, "document")).toEqual(["One two. Three.\nFour\nFive six seven eight\nNine"]);
  });

  test("block: short paragraphs joined, up to a size", () => {
    expect(texts(document, "block")).toEqual(texts(document, "document"));
    expect(texts(document, "block", 20)).toEqual(["One two. Three.\nFour", "Five six seven eight", "Nine"]);
    expect(texts(document, "block", 0)).toEqual(["One two. Three.", "Four", "Five six seven eight", "Nine"]);
  });

  test("where no paragraph is marked, each sentence is one", () => {
    const conll = documentOf([sentence("a b"), sentence("c d+"), sentence("e")], false);
    expect(texts(conll, "block")).toEqual(["a b\nc d\ne"]);
    expect(texts(conll, "block", 4)).toEqual(["a b\nc d", "e"]);
  });

  test("nothing, of a document without words", () => {
    for (const context of CONTEXTS) {
      expect(prepared(documentOf([]), context)).toEqual({
        ...identity,
        text: "",
        segments: [],
        blocks: [],
        inputs: [],
      });
      expect(prepared(documentOf([sentence("")]), context).inputs).toEqual([]);
    }
  });

  test("sentences without words are passed over, and may still open a paragraph", () => {
    const gaps = documentOf([
      sentence("", paragraph),
      sentence("a"),
      sentence(""),
      sentence("b"),
      sentence("", paragraph),
      sentence("c"),
      sentence(""),
    ]);
    expect(prepared(gaps, "block").inputs).toEqual([
      { kind: "words", words: ["a", "b", "c"], sentences: [0, 1, 2], lines: [2], glued: [] },
    ]);
    expect(texts(gaps, "sentence")).toEqual(["a", "b", "c"]);
  });

  test("a long document takes no longer for its length", () => {
    const long = documentOf(Array.from({ length: 40_000 }, () => sentence("a")));
    const began = performance.now();
    expect(prepared(long, "sentence").inputs).toHaveLength(40_000);
    expect(performance.now() - began).toBeLessThan(3_000);
  });
});

describe("a multi-word token", () => {
  const zum = { first: 1, last: 2, surface: "zum" };
  const views = (document: LabelledDocument) => {
    const { blocks, inputs, text } = prepared(document, "block");
    const { starts, ends } = joinedWords(inputs[0]!);
    return starts.map((start, i) => {
      const range = toView(blocks[0]!, start, ends[i]!);
      return text.slice(range.start, range.end);
    });
  };

  test("gives its surface to each of its words", () => {
    expect(views(documentOf([sentence("bis zu dem See", { tokens: [zum] })]))).toEqual([
      "bis",
      "zum",
      "zum",
      "See",
    ]);
  });

  test("never reaches into what follows it", () => {
    const tokens = [{ first: 0, last: 1, surface: "am" }];
    expect(views(documentOf([sentence("an+ dem+ .", { tokens })]))).toEqual(["am", "am", "."]);
    expect(views(documentOf([sentence("an dem", { tokens })]))).toEqual(["am", "am"]);
  });

  test("gives its first character to a word of one character", () => {
    const tokens = [{ first: 0, last: 1, surface: "au" }];
    expect(views(documentOf([sentence("à le", { tokens })]))).toEqual(["a", "au"]);
  });

  test("counts once in a block's size", () => {
    const document = documentOf([
      sentence("bis zu dem", { tokens: [zum], ...paragraph }),
      sentence("x", paragraph),
    ]);
    expect(texts(document, "block", "bis zum".length)).toHaveLength(2);
    expect(texts(document, "block", "bis zum".length + 1)).toHaveLength(1);
  });
});

/** No quote mark opens a line: that is the one thing that plain text cannot hold as a word. */
const word = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."abc.,'"), minLength: 1, maxLength: 12 }),
  fc.constantFrom("Zoë", "Zoe\u0308", "東京", "👩\u200d👩\u200d👧", "a>b", "#", "x".repeat(60)),
);
const oneSentence = fc.record({
  parts: fc.array(fc.record({ word, touches: fc.boolean(), gap: fc.constantFrom(" ", "  ", "\u00a0") }), {
    minLength: 1,
    maxLength: 9,
  }),
  withText: fc.boolean(),
  newParagraph: fc.boolean(),
  contracted: fc.boolean(),
});

/** A document whose paragraphs are marked; where `exact`, all words are written as they read. */
function anyDocument(exact: boolean): fc.Arbitrary<LabelledDocument> {
  return fc.array(oneSentence, { minLength: 1, maxLength: 12 }).map((list) =>
    documentOf(
      list.map(({ parts, withText, newParagraph, contracted }, i) => {
        const words = parts.map(({ word }) => word);
        const last = parts.length - 1;
        const text = parts
          .map(({ word, touches, gap }, p) => word + (touches || p === last ? "" : gap))
          .join("");
        const token = { first: 0, last: Math.min(1, last), surface: "xyz" };
        return sentence("", {
          words,
          spaceAfter: parts.map(({ touches }) => !touches),
          newParagraph: newParagraph || i === 0,
          ...(contracted && !exact && last > 0 ? { tokens: [token] } : withText ? { text } : {}),
        });
      }),
    ),
  );
}

const joinTo = fc.constantFrom(0, 5, 40, JOIN_TO);

describe("words against plain text", () => {
  const covered = (blocks: readonly Block[]) =>
    blocks.map((block) => toView(block, 0, block.canonical.length));

  test("blocks are those of the same text, where its words are written as they read", () => {
    fc.assert(
      fc.property(anyDocument(true), joinTo, (document, size) => {
        const made = prepared(document, "block", size);
        const plain = prepareText({ ...identity, text: textOf(document).text }, size);
        expect(made.text).toBe(plain.text);
        expect(made.inputs.map((input) => joinedWords(input).text)).toEqual(
          plain.blocks.map(({ canonical }) => canonical),
        );
        expect(covered(made.blocks)).toEqual(covered(plain.blocks));
      }),
      { numRuns: 300 },
    );
  });

  test("blocks cover the same text, however words are written", () => {
    fc.assert(
      fc.property(anyDocument(false), joinTo, (document, size) => {
        const made = prepared(document, "block", size);
        const plain = prepareText({ ...identity, text: textOf(document).text }, size);
        expect(covered(made.blocks).map(({ start }) => start)).toEqual(
          covered(plain.blocks).map(({ start }) => start),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("every word of every input maps to its place in the text, in every context", () => {
    fc.assert(
      fc.property(anyDocument(false), fc.constantFrom(...CONTEXTS), joinTo, (document, context, size) => {
        const made = prepared(document, context, size);
        const { words, text } = textOf(document);
        expect(made.text).toBe(text);
        const ranges = made.inputs.flatMap((input, b) => {
          const { text, starts, ends } = joinedWords(input);
          expect(made.blocks[b]!.canonical).toBe(text);
          return starts.map((start, i) => toView(made.blocks[b]!, start, ends[i]!));
        });
        const forms = document.sentences.flatMap((one) => one.words);
        expect(made.inputs.flatMap((input) => input.words)).toEqual(forms);
        expect(ranges).toEqual(
          forms.map((form, i) => ({
            start: words.starts[i]!,
            end: form.length === 1 ? words.starts[i]! + 1 : words.ends[i]!,
          })),
        );
      }),
      { numRuns: 300 },
    );
  });

  test("inputs open sentences and lines where the document does", () => {
    fc.assert(
      fc.property(anyDocument(true), fc.constantFrom(...CONTEXTS), joinTo, (document, context, size) => {
        const { inputs } = prepared(document, context, size);
        let at = 0;
        const sentences: number[] = [];
        const opened: number[] = [];
        for (const input of inputs) {
          expect(input.sentences[0]).toBe(0);
          sentences.push(...input.sentences.map((first) => at + first));
          opened.push(at, ...input.lines.map((first) => at + first));
          at += input.words.length;
        }
        const { sentences: expected } = textOf(document);
        expect(sentences).toEqual(expected);
        const paragraphs = expected.filter((_, s) => document.sentences[s]!.newParagraph);
        expect(opened).toEqual(context === "sentence" ? expected : paragraphs);
      }),
      { numRuns: 300 },
    );
  });
});
