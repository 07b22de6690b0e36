import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { splitWords, type Words } from "../../../src/tagging/words/split.js";
import { f1, readParagraphs } from "./ewt-words.js";

const DEV = "../shared/data/pos-ud-ewt/dev.conllu.gz";

describe.skipIf(!existsSync(DEV))("against the raw paragraphs of UD English EWT dev", () => {
  const paragraphs = existsSync(DEV) ? readParagraphs(DEV) : [];
  const split = paragraphs.map(({ text }) => splitWords(text));

  it("finds words with an F1 of at least 99.0", () => {
    const pairs = paragraphs.map(({ words: gold }, i) => ({ gold, system: wordRanges(split[i]!) }));
    const score = f1(pairs);
    console.info(`words F1 ${score.toFixed(2)}`);
    expect(score).toBeGreaterThanOrEqual(99.0);
  });

  it("finds sentences with an F1 of at least 85", () => {
    const pairs = paragraphs.map(({ sentences: gold }, i) => ({ gold, system: sentenceRanges(split[i]!) }));
    const score = f1(pairs);
    console.info(`sentences F1 ${score.toFixed(2)}`);
    expect(score).toBeGreaterThanOrEqual(85);
  });
});

function wordRanges({ starts, ends }: Words): [number, number][] {
  return starts.map((start, i) => [start, ends[i]!]);
}

function sentenceRanges({ starts, ends, sentences }: Words): [number, number][] {
  return sentences.map((first, i) => [starts[first]!, ends[(sentences[i + 1] ?? starts.length) - 1]!]);
}
