import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildRecord, type RecordSettings } from "../../src/document/build-record.js";
import { recordId } from "../../src/document/identity.js";
import { parseRecord } from "../../src/document/parse-record.js";
import { type PreparedDocument, prepareText } from "../../src/document/prepare.js";
import { recordDefinition } from "../../src/document/record.js";
import { surfaceWriter } from "../../src/document/surface.js";
import { OFFSET_UNITS, type OffsetUnit } from "../../src/offsets.js";
import type { TaggedBlock } from "../../src/tagging/protocol.js";

const settings: RecordSettings = {
  offsetUnit: "code_point",
  minScore: 0,
  words: false,
  surface: surfaceWriter({}),
  lenses: [
    { name: "ner", scheme: "BIO", labels: ["O"], model: "tiny" },
    { name: "pos", scheme: "none", labels: Array.from({ length: 100 }, (_, i) => `${i}`), model: "tiny" },
  ],
  models: [{ name: "tiny", digest: "sha256:aa" }],
  pipeline: { digest: "0".repeat(64), version: "0.1.0", runtime: "onnxruntime 1.30.0 x64" },
};

/** Stretches are words; those that start with an upper-case letter or an emoji are spans of one word. */
function tag(text: string, joinTo?: number): { document: PreparedDocument; tagged: TaggedBlock[] } {
  const document = prepareText({ id: "doc", revision: "7", text }, joinTo);
  const tagged = document.blocks.map((block): TaggedBlock => {
    const words = [...block.canonical.matchAll(/[^ \n]+/g)].map(({ index, 0: word }) => ({
      start: index,
      end: index + word.length,
      word,
    }));
    const spans = words
      .filter(({ word }) => /^[\p{Lu}\p{So}]/u.test(word))
      .map(({ start, end }, i) => ({
        start,
        end,
        label: i % 2 === 0 ? "PER" : "LOC",
        score: 0.5 + 0.1 * (i % 4),
      }));
    return {
      words: words.length,
      starts: words.map(({ start }) => start),
      ends: words.map(({ end }) => end),
      sentences: [0],
      windows: 1,
      truncatedWords: 0,
      lenses: {
        ner: { labels: words.map(() => 0), scores: words.map(() => 0.9), spans },
        pos: {
          labels: words.map(({ word }) => Math.min(99, word.length)),
          scores: words.map(() => 1),
          spans: [],
        },
      },
    };
  });
  return { document, tagged };
}

function recordOf(text: string, other: Partial<RecordSettings> = {}, joinTo?: number) {
  const { document, tagged } = tag(text, joinTo);
  return buildRecord(document, tagged, { ...settings, ...other });
}

const TICKET = "Hello Zoë,\r\n\r\n> the 👍🏽 from New\r\n> York met שלום in 東京\r\n\r\nBye 𠮷野 Kim\r\n";
const SLICE: Record<OffsetUnit, (text: string, start: number, end: number) => string> = {
  utf16: (text, start, end) => text.slice(start, end),
  code_point: (text, start, end) => Array.from(text).slice(start, end).join(""),
  utf8: (text, start, end) => Buffer.from(text).subarray(start, end).toString(),
};

describe("a record", () => {
  test.each(OFFSET_UNITS)("slices the very characters in %s", (offsetUnit) => {
    const record = recordOf(TICKET, { offsetUnit, words: true });
    const slice = (start: number, end: number) => SLICE[offsetUnit](TICKET, start, end);
    const { spans } = record.lenses.ner!;
    expect(spans.map(({ start, end }) => slice(start, end))).toEqual([
      "Hello",
      "Zoë,",
      "👍🏽",
      "New",
      "York",
      "Bye",
      "Kim",
    ]);
    for (const { start, end, text } of spans) expect(slice(start, end)).toBe(text);
    expect(record.words!.start.map((start, i) => slice(start, record.words!.end[i]!)).join(" ")).toBe(
      "Hello Zoë, the 👍🏽 from New York met שלום in 東京 Bye 𠮷野 Kim",
    );
    expect(record.segments.map(({ start, end, kind, depth }) => [slice(start, end), kind, depth])).toEqual([
      ["Hello Zoë,", "body", undefined],
      ["> the 👍🏽 from New\r\n> York met שלום in 東京", "quote", 1],
      ["Bye 𠮷野 Kim", "body", undefined],
    ]);
    expect(slice(0, record.text_length)).toBe(TICKET);
    expect(record.coverage.ranges.map(([start, end]) => slice(start, end))).toEqual([TICKET.trim()]);
  });

  test("agrees with its definition, whatever the text and the settings", () => {
    const anySettings = fc.record({
      offsetUnit: fc.constantFrom(...OFFSET_UNITS),
      minScore: fc.constantFrom(0, 0.65),
      words: fc.boolean(),
      surface: fc.constantFrom(
        surfaceWriter({ wholeText: true }),
        surfaceWriter({ default: "none" }),
        surfaceWriter({ default: "masked", labels: { PER: "hmac" }, key: "k" }),
      ),
    });
    const signs = fc.constantFrom(
      ..."aB>> \n",
      "\r\n",
      "👩‍👩‍👧",
      "\u0308",
      "\ud83d",
      "\udc4d",
      "é",
      "東",
      "\u0600",
      "🇩🇪",
    );
    fc.assert(
      fc.property(
        fc.string({ unit: signs, maxLength: 60 }),
        anySettings,
        fc.constantFrom(0, 200),
        (text, other, joinTo) => {
          const record = recordOf(text, other, joinTo);
          const json = JSON.stringify(record);
          expect(parseRecord(json)).toEqual(record);
          // zod gives keys in the order of the definition.
          expect(JSON.stringify(recordDefinition.parse(record))).toBe(json);
          expect(json.isWellFormed()).toBe(true);
          let before = 0;
          for (const { start, end } of record.lenses.ner!.spans) {
            expect(start).toBeGreaterThanOrEqual(before);
            expect(end).toBeGreaterThan(start);
            before = end;
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("is named by document, revision and pipeline", () => {
    const record = recordOf("a");
    expect(record.record_id).toBe(
      recordId({
        documentId: "doc",
        revision: "7",
        pipelineDigest: settings.pipeline.digest,
        kind: "document",
      }),
    );
  });

  test("keeps its lenses in the order of the settings", () => {
    const lenses = [...settings.lenses].reverse();
    expect(Object.keys(recordOf("a", { lenses }).lenses)).toEqual(["pos", "ner"]);
  });

  test("of an empty text is whole", () => {
    const record = recordOf("", { words: true });
    expect(record).toMatchObject({
      text_length: 0,
      segments: [],
      coverage: { ranges: [], windows: 0, truncated: false },
    });
    expect(record.words).toEqual({
      start: [],
      end: [],
      sentences: [],
      labels: { ner: [], pos: [] },
      scores: { ner: [], pos: [] },
    });
    expect(record).not.toHaveProperty("text");
  });
});

describe("spans", () => {
  test("below the least score are left out, and the record says so", () => {
    const { ner, pos } = recordOf("Ann Bob Cid Dan", { minScore: 0.65 }).lenses;
    expect(ner!.spans.map(({ text, score }) => [text, score])).toEqual([
      ["Cid", 0.7],
      ["Dan", 0.8],
    ]);
    expect(ner!.min_score).toBe(0.65);
    expect(pos!.min_score).toBe(0.65);
    expect(recordOf("Ann").lenses.ner).not.toHaveProperty("min_score");
  });

  test("over a wrapped, quoted line keep their characters, and are digested without layout", () => {
    const before = "a parcel that was sent to me on Monday by the office in";
    const after = "never came, and nobody there can tell me what happened to it.";
    const spanOf = (text: string, surface: RecordSettings["surface"]) => {
      const { document, tagged } = tag(text);
      const [block] = tagged;
      const start = before.length + 1;
      const ner = {
        labels: [],
        scores: [],
        spans: [{ start, end: start + "New York".length, label: "LOC", score: 1 }],
      };
      const one = [{ ...block!, lenses: { ...block!.lenses, ner } }];
      return buildRecord(document, one, { ...settings, surface }).lenses.ner!.spans[0]!;
    };
    const plain = `${before} New York ${after}`;
    const wrapped = `> ${before} New\r\n>   York ${after}`;
    expect(spanOf(plain, surfaceWriter({})).text).toBe("New York");
    expect(spanOf(wrapped, surfaceWriter({})).text).toBe("New\r\n>   York");
    const hmac = surfaceWriter({ default: "hmac", key: "k" });
    expect(spanOf(wrapped, hmac)).toEqual({ ...spanOf(plain, hmac), start: 58, end: 71 });
    expect(spanOf(wrapped, surfaceWriter({ default: "masked" })).text_masked).toBe("N*** Y***");
  });

  test("grow to whole graphemes, and one within the grapheme of another is left out with a warning", () => {
    const text = "👩‍👩‍👧 x";
    const { document, tagged } = tag(text);
    const spans = [
      { start: 0, end: 2, label: "A", score: 1 },
      { start: 3, end: 5, label: "B", score: 1 },
      { start: 9, end: 10, label: "C", score: 1 },
    ];
    const [block] = tagged;
    const one = [{ ...block!, lenses: { ...block!.lenses, ner: { labels: [], scores: [], spans } } }];
    const record = buildRecord(document, one, settings);
    expect(record.lenses.ner!.spans.map(({ label, text }) => [label, text])).toEqual([
      ["A", "👩‍👩‍👧"],
      ["C", "x"],
    ]);
    expect(record.warnings).toEqual([{ code: "SPAN_SHARES_GRAPHEME", count: 1 }]);
  });

  test.each([Number.NaN, -0.1, 1.5, Number.POSITIVE_INFINITY])("with a score of %d are refused", (score) => {
    const { document, tagged } = tag("Ann");
    const [block] = tagged;
    const bad = { ...block!.lenses.ner!, spans: [{ start: 0, end: 3, label: "PER", score }] };
    expect(() =>
      buildRecord(document, [{ ...block!, lenses: { ...block!.lenses, ner: bad } }], settings),
    ).toThrow(expect.objectContaining({ code: "INTERNAL" }));
  });
});

describe("coverage", () => {
  test("is one range over blocks with only white space and quote marks between", () => {
    const text = "a b\n\n> c\n>\n>> d\n\ne\n";
    expect(recordOf(text, {}, 0).coverage.ranges).toEqual([[0, 18]]);
    expect(recordOf(text, {}, 0).coverage.windows).toBe(4);
  });

  test("has a gap where a block was not read", () => {
    const text = "one\n\ntwo\n\nsix";
    const { document, tagged } = tag(text, 0);
    const { blocks, inputs } = document;
    const read = { ...document, blocks: [blocks[0]!, blocks[2]!], inputs: [inputs[0]!, inputs[2]!] };
    const record = buildRecord(read, [tagged[0]!, tagged[2]!], settings);
    expect(record.coverage.ranges).toEqual([
      [0, 3],
      [10, 13],
    ]);
  });

  test("owns up to words that were cut", () => {
    const text = "one\n\ntwo";
    const { document, tagged } = tag(text, 0);
    const cut = tagged.map((block) => ({ ...block, truncatedWords: 2 }));
    const record = buildRecord(document, cut, settings);
    expect(record.coverage.truncated).toBe(true);
    expect(record.warnings).toEqual([{ code: "WORD_TRUNCATED", count: 4 }]);
  });
});

describe("words", () => {
  test("are columns over all blocks, with the first word of each sentence", () => {
    const { words } = recordOf("ab c\n\nDef", { words: true }, 0);
    expect(words).toEqual({
      start: [0, 3, 6],
      end: [2, 4, 9],
      sentences: [0, 2],
      labels: { ner: ["O", "O", "O"], pos: ["2", "1", "3"] },
      scores: { ner: [0.9, 0.9, 0.9], pos: [1, 1, 1] },
    });
  });

  test("need every lens", () => {
    const lenses = [{ name: "chunk", scheme: "BIO" as const, labels: [], model: "tiny" }];
    expect(() => recordOf("a", { lenses })).toThrow(/lens chunk/);
  });
});

test("lone surrogates are counted, and written as U+FFFD", () => {
  const text = "A\ud83d b\udc4d 👍";
  const record = recordOf(text, { surface: surfaceWriter({ wholeText: true }) });
  expect(record.warnings).toEqual([{ code: "LONE_SURROGATE", count: 2 }]);
  expect(record.text).toBe("A\ufffd b\ufffd 👍");
  expect(record.lenses.ner!.spans[0]!.text).toBe("A\ufffd");
});
