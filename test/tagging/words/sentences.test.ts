import { describe, expect, it } from "vitest";
import { splitWords } from "../../../src/tagging/words/split.js";

/** Sentences are given apart; they are joined by a blank and must come back as they were. */
const EXAMPLES: Record<string, string[]> = {
  "closing punctuation": ["It works.", "Does it?", "Yes!", "ok then.", "and so on.", "5 of them."],
  "brackets and quotes after it": ['He said "no."', "(Twice.)", "Then he left!”", "Done."],
  "a quotation that goes on": ['"Stop!" he said.', "Nobody did."],
  "an ellipsis goes on before a small letter": ["Wait ... what?", "I waited...", "Nothing came."],
  "emoticons belong to what they follow": ["It works. :)", "Great! :-D", "Thanks."],
  abbreviations: ["Dr. Who met Mr. Smith of the U.S. Army at 5 p.m. on Sunday.", "Fine."],
  "an abbreviation that ends a sentence": [
    "We met at 5 p.m.",
    "The rest is known.",
    "Pens, ink, etc.",
    "It was cheap.",
  ],
  initials: ["J. R. Smith wrote it.", "I read it."],
  enumerators: ["1. Open the lid.", "2. Close it.", "a. Repeat."],
  "a full stop inside": ["See v2.3.1 at https://a.org/b.html for 3.5 more.", "Or not."],
  "drawn lines": ["Regards", "----------", "Original message"],
  "other scripts": ["漢字。", "漢字！", "ok."],
};

describe("sentences", () => {
  it.each(Object.entries(EXAMPLES))("%s", (_rule, sentences) => {
    expect(split(sentences.join(" "))).toEqual(sentences);
  });

  it("end with the line", () => {
    expect(split("Dear all,\nplease see\n1.\nBye")).toEqual(["Dear all,", "please see", "1.", "Bye"]);
  });

  it("are none in an empty text", () => {
    expect(splitWords(" \n ").sentences).toEqual([]);
  });
});

function split(text: string): string[] {
  const { starts, ends, sentences } = splitWords(text);
  return sentences.map((first, i) =>
    text.slice(starts[first], ends[(sentences[i + 1] ?? starts.length) - 1]),
  );
}
