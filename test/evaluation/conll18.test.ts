import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { addRaw, type RawDocument, rawScores, rawTally } from "../../src/evaluation/conll18.js";

type Three = [number, number, number];

interface Side {
  readonly tokens: readonly ([string] | [string, string[]])[];
  readonly sentences: readonly number[];
  readonly labels: readonly string[];
}

interface Conll18Case {
  readonly gold: Side;
  readonly predicted: Side;
  readonly words: Three;
  readonly sentences: Three;
  readonly labels: Three;
  readonly wordRatios: Three;
  readonly accuracy: number;
}

const CASES: Conll18Case[] = JSON.parse(readFileSync("test/evaluation/fixtures/conll18.json", "utf8")).cases;

/** "a bc/b/c d": tokens apart, the words of a multi-word token after it. */
function document(text: string, more: Partial<RawDocument> = {}): RawDocument {
  const tokens = text.split(" ").map((token) => {
    const [form, ...words] = token.split("/");
    return words.length > 0 ? { form: form!, words } : { form: form! };
  });
  return { tokens, sentences: [0], ...more };
}

function wordsRight(gold: string, predicted: string): number {
  const tally = rawTally();
  addRaw(tally, document(gold), document(predicted));
  return tally.words.correct;
}

describe("scores from raw text", () => {
  it("agree with conll18_ud_eval.py on random tokenisations", () => {
    expect(CASES.length).toBeGreaterThan(100);
    for (const one of CASES) {
      const tally = rawTally();
      addRaw(tally, fromFixture(one.gold), fromFixture(one.predicted));
      const counts = [tally.words, tally.sentences, tally.labels.get("pos")!];
      expect(counts.map((c) => [c.gold, c.predicted, c.correct])).toEqual([
        one.words,
        one.sentences,
        one.labels,
      ]);
      const { words, labels } = rawScores(tally);
      const rounded = (value: number) => Math.round(value * 1e6) / 1e6;
      expect([words.precision, words.recall, words.f1].map(rounded)).toEqual(one.wordRatios);
      expect(rounded(labels.pos!.accuracy)).toBe(one.accuracy);
    }
  });

  it("add up over documents", () => {
    const tally = rawTally();
    let words = 0;
    let labels = 0;
    for (const one of CASES) {
      addRaw(tally, fromFixture(one.gold), fromFixture(one.predicted));
      words += one.words[2];
      labels += one.labels[2];
    }
    expect([tally.words.correct, tally.labels.get("pos")!.correct]).toEqual([words, labels]);
  });

  // The script's own test cases, and what it says of ours.
  const aligned: [string, string, number][] = [
    ["a b c", "a b c", 3],
    ["abc/a/b/c", "a b c", 3],
    ["a bc/b/c d", "a b c d", 4],
    ["abcd/a/b/c/d", "ab/a/b cd/c/d", 4],
    ["abc/a/b/c de/d/e", "a bcd/b/c/d e", 5],
    ["abcd", "a b c d", 0],
    ["abc d", "a b c d", 1],
    ["a bc d", "a b c d", 2],
    ["a bc/b/c d", "a b cd", 2],
    ["abc/a/BX/c def/d/EX/f", "ab/a/b cd/c/d ef/e/f", 4],
    ["ab/a/b cd/bc/d", "a bc d", 2],
    ["a bc/b/c d", "ab/AX/BX cd/CX/a", 1],
    // Ours: the script does not treat the two sides alike at the left edge of a multi-word token.
    ["a bc d", "ab cd/bc/d", 1],
    ["ab cd/bc/d", "a bc d", 2],
  ];
  it.each(aligned)("aligns %s with %s in %i words", (gold, predicted, right) => {
    expect(wordsRight(gold, predicted)).toBe(right);
  });

  it("ignore white space inside forms, of every kind", () => {
    expect(wordsRight("1\u00a0000 a\u200bb", "1000 ab")).toBe(2);
  });

  it("count words of white space alone as missed, multi-word or not", () => {
    const tally = rawTally();
    addRaw(tally, document("a \u200b \u200b/x/y b"), document("a b"));
    expect(tally.words).toEqual({ gold: 5, predicted: 2, correct: 2 });
  });

  it("score spans over characters, whatever the words", () => {
    const tally = rawTally();
    addRaw(
      tally,
      document("New York's d'u/de/u mayor", {
        spans: {
          ner: [
            { start: 0, end: 2, type: "LOC" },
            { start: 2, end: 4, type: "X" },
            { start: 4, end: 5, type: "ROLE" },
          ],
        },
      }),
      document("NewYork ' s d'u mayor", {
        spans: {
          ner: [
            { start: 0, end: 3, type: "LOC" },
            { start: 3, end: 4, type: "X" },
            { start: 4, end: 5, type: "PER" },
          ],
          chunk: [],
        },
      }),
    );
    const { spans } = rawScores(tally);
    expect(Object.keys(spans)).toEqual(["ner"]);
    const right = Object.entries(spans.ner!.types).map(([type, counts]) => [type, counts.correct]);
    expect(right).toEqual([
      ["LOC", 1],
      ["PER", 0],
      ["ROLE", 0],
      ["X", 1],
    ]);
  });

  it("refuse two different texts, saying where and quoting nothing", () => {
    const compare = () => addRaw(rawTally(), document("ab secret"), document("ab secrecy"));
    expect(compare).toThrow(expect.objectContaining({ code: "INPUT_MALFORMED" }));
    expect(compare).toThrow(/character 7 on \(8 characters on the gold side, 9 on the predicted\)/);
    expect(compare).not.toThrow(/secre/);
  });

  it("refuse labels that do not match the words", () => {
    const labels = (...pos: string[]) => ({ labels: { pos } });
    expect(() =>
      addRaw(rawTally(), document("ab c", labels("N", "N")), document("ab c", labels("N"))),
    ).toThrow(/the predicted side has 1 labels of the lens pos for 2 words/);
  });

  it("leave a tally as it was where a document is refused", () => {
    const tally = rawTally();
    const labels = (...pos: string[]) => ({ labels: { pos } });
    expect(() => addRaw(tally, document("a b", labels("N", "N")), document("a b", labels("N")))).toThrow();
    expect(tally).toEqual(rawTally());
  });
});

function fromFixture({ tokens, sentences, labels }: Side): RawDocument {
  return {
    tokens: tokens.map(([form, words]) => (words === undefined ? { form } : { form, words })),
    sentences,
    labels: { pos: labels },
  };
}
