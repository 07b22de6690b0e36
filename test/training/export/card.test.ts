import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { type ModelCard, withCard } from "../../../src/training/export/card.js";

const CARD: ModelCard = {
  name: "spanmill/english",
  summary: "Three lenses in one pass.",
  languages: ["en"],
  licence: { id: "other", name: "see below: research data", link: "LICENCE.md" },
  base: { name: "sentence-transformers/all-MiniLM-L6-v2", licence: "Apache-2.0" },
  lenses: [
    { name: "ner", scheme: "BIO", labels: ["O", "B-PER", "I-PER"], temperature: 1.2345 },
    { name: "pos", scheme: "none", labels: ["NOUN", "VERB"], temperature: 1 },
  ],
  window: 128,
  wordShapes: true,
  scores: [
    { set: "conll2003 dev", lens: "ner", measure: "span F1", float: 94.321, int8: 94.2 },
    { set: "a|b", lens: "pos", measure: "word accuracy", float: undefined, int8: 97 },
  ],
  calibration: [{ lens: "ner", spans: 5900, before: 0.0312, after: 0.0081 }],
  sets: [
    { name: "conll2003", licence: "research", lenses: ["ner", "pos"], sentences: 14041, words: 203621 },
    { name: "mine", licence: undefined, lenses: ["ner"], sentences: 1, words: 2 },
  ],
  limits: ["English alone.", "Windows of 128 pieces."],
  rebuild: "spanmill train models/english/recipe.yaml",
};

const FILES = new Map([["onnx/model_int8.onnx", new Uint8Array(23_510_000)]]);

function readme(card: ModelCard): string {
  return new TextDecoder().decode(withCard(FILES, card).get("README.md"));
}

describe("a model card", () => {
  it("opens with what the hub reads", () => {
    const [, front] = readme(CARD).split("---\n");
    expect(parse(front!)).toEqual({
      language: ["en"],
      license: "other",
      license_name: "see below: research data",
      license_link: "LICENCE.md",
      library_name: "spanmill",
      pipeline_tag: "token-classification",
      base_model: "sentence-transformers/all-MiniLM-L6-v2",
      tags: ["spanmill", "token-classification", "onnx", "ner", "pos"],
    });
  });

  it("has the figures, the sets with their licences, and the way to rebuild", () => {
    const text = readme(CARD);
    for (const line of [
      "| `ner` | spans, BIO | `O` `B-PER` `I-PER` | 1.23 |",
      "| conll2003 dev | `ner` | span F1 | 94.32 | 94.20 | −0.12 |",
      "| a\\|b | `pos` | word accuracy |  | 97.00 |  |",
      "| `ner` | 5900 | 0.0312 | 0.0081 |",
      "| conll2003 | research | `ner` `pos` | 14041 | 203621 |",
      "| mine | not stated | `ner` | 1 | 2 |",
      "- English alone.",
      "spanmill train models/english/recipe.yaml",
      "| `onnx/model_int8.onnx` | 23.51 |",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
    expect(text).toMatch(/at most 128 pieces\. In the place of token types/);
  });

  it("leaves out what there is nothing to say of, and keeps the other files", () => {
    const bare = { ...CARD, scores: [], calibration: [], sets: [], limits: [], wordShapes: false };
    const titles = [...readme(bare).matchAll(/^## (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(["Lenses", "Rebuild", "Files"]);
    expect(readme(bare)).not.toContain("token types");
    expect([...withCard(FILES, CARD).keys()]).toEqual(["onnx/model_int8.onnx", "README.md"]);
  });
});
