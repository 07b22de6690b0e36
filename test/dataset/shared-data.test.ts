import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openLines } from "../../src/adapters/files/lines.js";
import { readConll } from "../../src/dataset/conll.js";
import { readConllu } from "../../src/dataset/conllu.js";
import { readSpanLines } from "../../src/dataset/span-lines.js";
import { textOf } from "../../src/dataset/text.js";
import { all } from "./lines-of.js";

const DATA = "../shared/data";

/** Documents, sentences and tokens of each file, as the table of the README states them. */
function statedCounts(): Map<string, number[]> {
  const rows = readFileSync(`${DATA}/README.md`, "utf8")
    .split("\n")
    .map((row) => row.split(" | "));
  return new Map(
    rows
      .filter(([, file]) => file?.endsWith(".gz"))
      .map((cells) => [cells[1]!, cells.slice(4, 7).map(Number)]),
  );
}

describe.skipIf(!existsSync(`${DATA}/README.md`))(
  "the shared data sets (skipped where ../shared/data is absent)",
  () => {
    test.each([
      ["ner-conll2003/dev.conll.gz", [216, 3250, 51362]],
      ["pos-ud-ewt/dev.conllu.gz", [318, 2001, 25147]],
      ["chunk-conll2000/dev.conll.gz", [1, 893, 20996]],
      ["ner-stackoverflow/so-dev.conll.gz", [536, 3535, 48660]],
      ["ner-btc/dev.conll.gz", [1, 1001, 15027]],
      ["ner-wnut17/dev.conll.gz", [1, 1009, 15733]],
      ["pos-tweebank2/dev.conllu.gz", [1, 710, 11759]],
      ["pos-ud-pud/test.conllu.gz", [397, 1000, 21180]],
    ])("%s has the documents, sentences and words that its README states", async (file, counts) => {
      expect(statedCounts().get(file)).toEqual(counts);
      const lines = await openLines(`${DATA}/${file}`, 1 << 20);
      const documents = await all(file.endsWith(".conllu.gz") ? readConllu(lines) : readConll(lines));
      const sentences = documents.flatMap((document) => document.sentences);
      const words = sentences.flatMap((sentence) => sentence.words);
      expect([documents.length, sentences.length, words.length]).toEqual(counts);
      const texts = documents.map(textOf);
      expect(texts.flatMap(({ notes }) => notes)).toEqual([]);
      const surfaces = texts.flatMap(({ text, words: { starts, ends } }) =>
        starts.map((start, i) => text.slice(start, ends[i])),
      );
      expect(surfaces).toEqual(words);
    });

    test.each([
      ["ner-presidio-synth/all.jsonl.gz", 1500, "PERSON", 857],
      ["ner-seminar-emails/all.jsonl.gz", 486, "stime", 982],
    ])("%s has the documents and spans that its README states", async (file, count, label, labelled) => {
      const documents = await all(readSpanLines(await openLines(`${DATA}/${file}`, 1 << 20)));
      expect(documents).toHaveLength(count);
      expect(documents.flatMap(({ spans }) => spans).filter((span) => span.label === label)).toHaveLength(
        labelled,
      );
    });
  },
);
