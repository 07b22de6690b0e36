import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addWords, wordAccuracy, wordTally } from "../../src/evaluation/accuracy.js";
import { addSpans, type Ratios, spanScores, spanTally } from "../../src/evaluation/spans.js";
import {
  readTags,
  STRICT_SCHEMES,
  type StrictScheme,
  strictScheme,
  type TagReading,
} from "../../src/evaluation/tags.js";
import { SCHEMES, type TagSpan } from "../../src/tagging/schemes.js";
import { type OracleCounts, oracleCounts } from "./conlleval-oracle.js";

type Six = [number, number, number];

interface SeqevalScores {
  readonly spans: readonly string[];
  readonly types: readonly [number, number, number, number][];
  readonly micro: Six;
  readonly macro: Six;
}

interface SeqevalCase {
  readonly scheme: StrictScheme;
  readonly gold: readonly string[];
  readonly predicted: readonly string[];
  readonly default: SeqevalScores;
  readonly strict: SeqevalScores;
}

interface ConllevalCase {
  readonly gold: readonly string[];
  readonly predicted: readonly string[];
  readonly words: number;
  readonly goldSpans: number;
  readonly found: number;
  readonly correct: number;
  readonly overall: readonly string[];
  readonly types: Readonly<Record<string, readonly [string, string, string, number]>>;
}

const list = (text: string) => text.split(" ");
const CONLLEVAL: TagReading = { mode: "conlleval", scheme: "BIO" };

describe("seqeval's readings", () => {
  const cases = fixture<SeqevalCase>("seqeval");

  it.each(STRICT_SCHEMES)("agree with seqeval under %s", (scheme) => {
    const own = cases.filter((one) => one.scheme === scheme);
    expect(own.length).toBeGreaterThan(30);
    for (const one of own) {
      checkSeqeval(one, one.default, { mode: "seqeval-default" });
      checkSeqeval(one, one.strict, { mode: "seqeval-strict", scheme });
    }
  });

  it("differ on I- after O: the default takes it for B-, strict does not", () => {
    const score = (reading: TagReading) => scoresOf([["O I-A I-A O", "O B-A I-A O"]], reading).micro.f1;
    expect(score({ mode: "seqeval-default" })).toBe(1);
    expect(score(CONLLEVAL)).toBe(1);
    expect(score({ mode: "seqeval-strict", scheme: "IOB2" })).toBe(0);
  });

  it("refuse tags that strict does not know", () => {
    for (const tag of ["S-A", "PER", ""])
      expect(() => readTags(["O", tag], { mode: "seqeval-strict", scheme: "IOB2" })).toThrow(
        expect.objectContaining({ code: "INPUT_MALFORMED" }),
      );
  });

  it("strip hyphens from types in strict mode, and keep those inside", () => {
    const read = readTags(list("B--a-b- I-a-b"), { mode: "seqeval-strict", scheme: "IOB2" });
    expect(read).toEqual([{ start: 0, end: 2, type: "a-b" }]);
  });

  it("have a name for each scheme with spans", () => {
    expect(SCHEMES.map(strictScheme)).toEqual(["IOB2", "IOB1", "IOB1", "IOBES", "BILOU", undefined]);
  });

  it("default never throws", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme", maxLength: 4 })), (tags) => {
        readTags(tags, { mode: "seqeval-default" });
      }),
    );
  });
});

describe("conlleval's reading", () => {
  it("agrees with conlleval.pl, to the figures it prints", () => {
    for (const one of fixture<ConllevalCase>("conlleval")) {
      const pairs = one.gold.map((gold, i): [string, string] => [gold, one.predicted[i]!]);
      const scores = scoresOf(pairs, CONLLEVAL);
      const words = accuracyOf(pairs);
      expect([words.words, ...totals(scores.types)]).toEqual([
        one.words,
        one.goldSpans,
        one.found,
        one.correct,
      ]);
      expect([percent(wordAccuracy(words)), ...printed(scores.micro)]).toEqual(one.overall);
      const types = Object.entries(scores.types).map(([type, s]) => [type, [...printed(s), s.predicted]]);
      expect(Object.fromEntries(types)).toEqual(one.types);
    }
  });

  it("agrees with an independent conlleval on random tags of every prefix", () => {
    const tag = fc.constantFrom("O", ...list("B I E S L U").flatMap((p) => [`${p}-A`, `${p}-b-c`]));
    const sentence = fc
      .nat(9)
      .chain((length) =>
        fc.tuple(...[0, 1].map(() => fc.array(tag, { minLength: length, maxLength: length }))),
      )
      .map(([gold, other]) => ({
        gold: gold!,
        predicted: gold!.map((t, i) => (i % 3 === 0 ? other![i]! : t)),
      }));
    fc.assert(
      fc.property(fc.array(sentence, { maxLength: 5 }), (sentences) => {
        const counts = oracleCounts(sentences);
        const tally = spanTally();
        const words = wordTally();
        for (const { gold, predicted } of sentences) {
          addSpans(tally, readTags(gold, CONLLEVAL), readTags(predicted, CONLLEVAL));
          addWords(words, gold, predicted);
        }
        const { types } = spanScores(tally);
        const column = (of: "gold" | "predicted" | "correct") =>
          Object.fromEntries(
            Object.entries(types).flatMap(([type, s]) => (s[of] > 0 ? [[type, s[of]]] : [])),
          );
        const ours: OracleCounts = {
          words: words.words,
          rightTags: words.correct,
          gold: column("gold"),
          found: column("predicted"),
          correct: column("correct"),
        };
        expect(ours).toEqual(counts);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("word accuracy", () => {
  it("is 0 of nothing, and refuses sides of different length", () => {
    expect(wordAccuracy(wordTally())).toBe(0);
    expect(() => addWords(wordTally(), ["O"], ["O", "O"])).toThrow(/1 words where the predicted side has 2/);
  });
});

function checkSeqeval(one: SeqevalCase, expected: SeqevalScores, reading: TagReading): void {
  const spans = one.predicted.map((tags) => readTags(list(tags), reading).map(spanText).join(" "));
  expect(spans).toEqual(expected.spans);
  const pairs = one.gold.map((gold, i): [string, string] => [gold, one.predicted[i]!]);
  const scores = scoresOf(pairs, reading);
  const types = Object.values(scores.types).map((s) => [...rounded(s), s.gold]);
  expect(types).toEqual(expected.types);
  expect(rounded(scores.micro)).toEqual(expected.micro);
  expect(rounded(scores.macro)).toEqual(expected.macro);
}

function scoresOf(pairs: readonly [gold: string, predicted: string][], reading: TagReading) {
  const tally = spanTally();
  for (const [gold, predicted] of pairs)
    addSpans(tally, readTags(list(gold), reading), readTags(list(predicted), reading));
  return spanScores(tally);
}

function accuracyOf(pairs: readonly [gold: string, predicted: string][]) {
  const tally = wordTally();
  for (const [gold, predicted] of pairs) addWords(tally, list(gold), list(predicted));
  return tally;
}

function totals(types: Readonly<Record<string, { gold: number; predicted: number; correct: number }>>): Six {
  return Object.values(types).reduce<Six>(
    ([gold, predicted, correct], s) => [gold + s.gold, predicted + s.predicted, correct + s.correct],
    [0, 0, 0],
  );
}

function rounded({ precision, recall, f1 }: Ratios): number[] {
  return [precision, recall, f1].map((value) => Math.round(value * 1e6) / 1e6);
}

function printed({ precision, recall, f1 }: Ratios): string[] {
  return [precision, recall, f1].map(percent);
}

function percent(fraction: number): string {
  return (100 * fraction).toFixed(2);
}

function spanText({ start, end, type }: TagSpan): string {
  return `${start}:${end}:${type}`;
}

function fixture<T>(name: string): T[] {
  return JSON.parse(readFileSync(`test/evaluation/fixtures/${name}.json`, "utf8")).cases;
}
