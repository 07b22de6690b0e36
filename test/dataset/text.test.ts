import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LabelledSentence } from "../../src/dataset/document.js";
import { textOf } from "../../src/dataset/text.js";

/** A sentence from its words; one that ends in `+` touches the next. */
function sentence(marked: string, more: Partial<LabelledSentence> = {}): LabelledSentence {
  const parts = marked.split(" ");
  const words = parts.map((part) => part.replace(/\+$/, ""));
  const spaceAfter = parts.map((part) => !part.endsWith("+"));
  return {
    id: undefined,
    line: 1,
    words,
    spaceAfter,
    columns: [],
    newParagraph: false,
    text: undefined,
    tokens: [],
    ...more,
  };
}

function textFrom(sentences: LabelledSentence[], hasSpacing = true) {
  const result = textOf({ id: "d", line: 1, columnNames: [], hasSpacing, sentences });
  const { starts, ends } = result.words;
  return { ...result, surfaces: starts.map((start, i) => result.text.slice(start, ends[i])) };
}

describe("textOf", () => {
  test("sentences and paragraphs with spacing", () => {
    const { text, sentences, surfaces } = textFrom([
      sentence("Hi+ !"),
      sentence("So+ .+"),
      sentence("Yes"),
      sentence("New par+", { newParagraph: true }),
      sentence("Next", { newParagraph: true }),
    ]);
    expect(text).toBe("Hi! So.Yes\n\nNew par\n\nNext");
    expect(sentences).toEqual([0, 2, 4, 5, 7]);
    expect(surfaces).toEqual(["Hi", "!", "So", ".", "Yes", "New", "par", "Next"]);
  });

  test("CoNLL: a blank between words, a line feed between sentences", () => {
    expect(textFrom([sentence("EU rejects ."), sentence("Yes")], false).text).toBe("EU rejects .\nYes");
  });

  test("no sentences, no text", () => {
    expect(textFrom([])).toMatchObject({ text: "", sentences: [], notes: [] });
  });

  test("a multi-word token reads as its surface; its words part it where they make it up", () => {
    const tokens = [
      { first: 1, last: 2, surface: "don't" },
      { first: 4, last: 5, surface: "zum" },
    ];
    const { text, surfaces } = textFrom([sentence("I do+ n't go zu+ dem vin", { tokens })]);
    expect(text).toBe("I don't go zum vin");
    expect(surfaces).toEqual(["I", "do", "n't", "go", "zum", "zum", "vin"]);
  });

  test("# text is used where the words align with it", () => {
    const text = "It's  a\u00a0 [b c]";
    const result = textFrom([sentence("It+ 's a [+ b c ]", { text }), sentence("End")]);
    expect(result.text).toBe(`${text} End`);
    expect(result.surfaces).toEqual(["It", "'s", "a", "[", "b", "c", "]", "End"]);
    expect(result.notes).toEqual([]);
  });

  test.each(["It 's not", "It's so", "", "It's no t", "It's no. More"])(
    "# text that does not align is passed over, and a note says so: %s",
    (text) => {
      const result = textFrom([sentence("It+ 's no+ .", { text, line: 17 })]);
      expect(result.text).toBe("It's no.");
      expect(result.notes).toEqual([expect.stringMatching(/^line 17: # text /)]);
    },
  );

  test("a word may itself count as white space", () => {
    const result = textFrom([sentence("a \u200b b", { text: "a \u200b b" })]);
    expect(result.surfaces).toEqual(["a", "\u200b", "b"]);
  });

  test("every word is where its range says, whatever the spacing", () => {
    const part = fc.record({ word: fc.constantFrom("a", "bc", ".", "a.", "😀", "#"), touches: fc.boolean() });
    const one = fc.record({
      parts: fc.array(part, { minLength: 1, maxLength: 8 }),
      withText: fc.boolean(),
      newParagraph: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 6 }), fc.boolean(), (list, hasSpacing) => {
        const sentences = list.map(({ parts, withText, newParagraph }) => {
          const marked = parts.map(({ word, touches }) => (touches ? `${word}+` : word)).join(" ");
          const text = withText ? ` ${marked.replaceAll("+ ", "").replace(/\+$/, "")}  ` : undefined;
          return sentence(marked, { newParagraph, text });
        });
        const { text, surfaces, words, notes } = textFrom(sentences, hasSpacing);
        expect(surfaces).toEqual(sentences.flatMap((each) => each.words));
        expect(notes).toEqual([]);
        words.starts.forEach((start, i) => {
          const between = text.slice(words.ends[i - 1] ?? 0, start);
          expect(between.trim()).toBe("");
        });
      }),
    );
  });
});
