import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SpanmillError } from "../../src/errors.js";
import {
  detectScheme,
  labelSet,
  type Scheme,
  type SpanScheme,
  spansOfTags,
  type TagSpan,
  tagsOfSpans,
} from "../../src/tagging/schemes.js";
import { oracleSpans } from "../evaluation/conlleval-oracle.js";

const list = (text: string) => text.split(" ");

const SPAN_SCHEMES: readonly SpanScheme[] = ["BIO", "IOB1", "IO", "BIOES", "BILOU"];

/** Spans in order, some of them touching, over `length` words. */
const spansIn = fc
  .tuple(
    fc.array(fc.record({ gap: fc.nat(2), words: fc.integer({ min: 1, max: 4 }), type: typeNames() }), {
      maxLength: 8,
    }),
    fc.nat(3),
  )
  .map(([parts, tail]) => {
    let at = 0;
    const spans = parts.map(({ gap, words, type }): TagSpan => {
      const start = at + gap;
      at = start + words;
      return { start, end: at, type };
    });
    return { spans, length: at + tail };
  });

function typeNames() {
  return fc.constantFrom("PER", "creative-work", "O", "a_b", "I-x", "_", "日本");
}

describe("detecting the scheme of labels", () => {
  const shown: [string, Scheme][] = [
    ["O B-PER I-PER B-LOC I-LOC", "BIO"],
    ["B_PER I_PER O", "BIO"],
    ["B-NP I-NP B-VP", "BIO"],
    ["B-PER O", "BIO"],
    ["B I O", "BIO"],
    ["I-PER I-LOC O", "IO"],
    ["I O", "IO"],
    ["PER ORG O", "IO"],
    ["O", "IO"],
    ["O B-PER I-PER E-PER S-PER", "BIOES"],
    ["O B-PER I-PER E-PER S-PER S-LOC", "BIOES"],
    ["O B-PER E-PER", "BIOES"],
    ["O S-PER", "BIOES"],
    ["B M E S", "BIOES"],
    ["B-PER M-PER E-PER S-PER", "BIOES"],
    ["O B-PER I-PER L-PER U-PER", "BILOU"],
    ["O U-PER U-LOC", "BILOU"],
    ["O B-creative-work I-creative-work", "BIO"],
    ["B-O I-O O", "BIO"],
    ["NOUN VERB ADJ ADP PUNCT X", "none"],
    ["NN -LRB- `` , .", "none"],
    ["LABEL_0 LABEL_1", "none"],
    ["S E L NOUN", "none"],
  ];
  it.each(shown)("%s is %s", (labels, scheme) => {
    expect(detectScheme(list(labels))).toBe(scheme);
  });

  const misfits: [string, RegExp][] = [
    ["B-PER I-PER PER LOC O", /"PER", "LOC" without a prefix beside "B-PER", "I-PER"/],
    ["O B-cell T-cell", /"T-cell" without a prefix beside "B-cell"/],
    ["O I-PER E-PER", /"I-PER", "E-PER" belong to no one scheme/],
    ["O B-PER E-PER U-PER", /"U-PER" belong to no one scheme/],
    ["O B-A I-A M-A E-A", /belong to no one scheme/],
    ["A B-A C D E F G H", /"A", "C", "D", "E", "F" and 2 more without a prefix/],
  ];
  it.each(misfits)("%s fits none, and the message names the labels and the way out", (labels, message) => {
    expect(() => detectScheme(list(labels))).toThrow(message);
    expect(() => detectScheme(list(labels))).toThrow(/--scheme/);
  });

  it("refuses an empty list, declared or not", () => {
    for (const call of [() => detectScheme([]), () => labelSet([], "none")])
      expect(call).toThrow(expect.objectContaining({ code: "MODEL_LABELS" }));
  });
});

describe("label sets", () => {
  it("parses labels once, in index order", () => {
    expect(labelSet(list("O B-creative-work I_PER B-O"))).toEqual({
      labels: list("O B-creative-work I_PER B-O"),
      scheme: "BIO",
      tags: [
        { prefix: "O", type: "" },
        { prefix: "B", type: "creative-work" },
        { prefix: "I", type: "PER" },
        { prefix: "B", type: "O" },
      ],
    });
  });

  it("reads bare letters as one type", () => {
    expect(labelSet(["B", "I", "O"]).tags.map((tag) => tag.type)).toEqual(["_", "_", ""]);
  });

  it("takes a declared scheme against the look of the labels", () => {
    expect(labelSet(list("O B-cell T-cell"), "IO").tags).toEqual([
      { prefix: "O", type: "" },
      { prefix: "I", type: "B-cell" },
      { prefix: "I", type: "T-cell" },
    ]);
    expect(labelSet(list("N O V"), "none").tags[1]).toEqual({ prefix: "", type: "O" });
    expect(labelSet(list("O I-PER B-PER"), "IOB1").scheme).toBe("IOB1");
    expect(labelSet(list("[PAD] O B-PER I-PER"), "BIO").tags[0]).toEqual({ prefix: "O", type: "" });
  });

  it("refuses labels that a declared scheme cannot have", () => {
    expect(() => labelSet(list("O B-PER S-PER"), "BIO")).toThrow(
      /"S-PER" cannot be labels of the scheme BIO/,
    );
    expect(() => labelSet(list("O B-PER E-PER"), "BILOU")).toThrow(SpanmillError);
    expect(() => labelSet(list("PER LOC O"), "BIO")).toThrow(/none of the prefixes/);
  });
});

describe("spans and tags", () => {
  const written: [SpanScheme, string][] = [
    ["BIO", "B-A I-A B-A O B-C"],
    ["IOB1", "I-A I-A B-A O I-C"],
    ["IO", "I-A I-A I-A O I-C"],
    ["BIOES", "B-A E-A S-A O S-C"],
    ["BILOU", "B-A L-A U-A O U-C"],
  ];
  it.each(written)("writes %s as %s", (scheme, tags) => {
    const spans = [
      { start: 4, end: 5, type: "C" },
      { start: 0, end: 2, type: "A" },
      { start: 2, end: 3, type: "A" },
    ];
    expect(tagsOfSpans(spans, 5, scheme)).toEqual(list(tags));
  });

  it("round trips through every scheme; IO alone joins spans of one type that touch", () => {
    fc.assert(
      fc.property(spansIn, fc.constantFrom(...SPAN_SCHEMES), ({ spans, length }, scheme) => {
        const tags = tagsOfSpans(spans, length, scheme);
        const expected = scheme === "IO" ? joined(spans) : spans;
        expect(spansOfTags(tags, scheme)).toEqual(expected);
        // Through a second scheme and back.
        for (const other of SPAN_SCHEMES) {
          const there = tagsOfSpans(spansOfTags(tags, scheme), length, other);
          const back = spansOfTags(there, other);
          expect(back).toEqual(other === "IO" ? joined(expected) : expected);
        }
      }),
    );
  });

  it("writes tags that the scheme is detected from", () => {
    const spans = [
      { start: 0, end: 3, type: "A" },
      { start: 3, end: 4, type: "A" },
    ];
    for (const scheme of ["BIO", "IO", "BIOES", "BILOU"] as const)
      expect(detectScheme(tagsOfSpans(spans, 5, scheme))).toBe(scheme);
  });

  it("reads any tags as conlleval does", () => {
    const tag = fc.constantFrom(
      "O",
      ...list("B I E S L U").flatMap((prefix) => [`${prefix}-A`, `${prefix}-b-c`]),
    );
    fc.assert(
      fc.property(
        fc.array(tag, { maxLength: 12 }),
        fc.constantFrom<Scheme>("BIO", "IOB1", "BIOES", "BILOU"),
        (tags, scheme) => {
          const read = spansOfTags(tags, scheme).map(({ start, end, type }) => `${start}:${end}:${type}`);
          expect(read).toEqual(oracleSpans(tags));
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("never throws and never overlaps, whatever the tags", () => {
    const tag = fc.oneof(
      fc.string({ maxLength: 4 }),
      fc.constantFrom(...list("B I O E- M-x B- -- __proto__")),
    );
    fc.assert(
      fc.property(
        fc.array(tag),
        fc.constantFrom<Scheme>("BIO", "IOB1", "IO", "BIOES", "BILOU", "none"),
        (tags, scheme) => {
          let end = 0;
          for (const span of spansOfTags(tags, scheme)) {
            expect(span.start).toBeGreaterThanOrEqual(end);
            expect(span.end).toBeGreaterThan(span.start);
            end = span.end;
          }
          expect(end).toBeLessThanOrEqual(tags.length);
          if (scheme === "none") expect(end).toBe(0);
        },
      ),
    );
  });

  it("reads bare types under IO", () => {
    expect(spansOfTags(list("PER PER O ORG PER"), "IO")).toEqual([
      { start: 0, end: 2, type: "PER" },
      { start: 3, end: 4, type: "ORG" },
      { start: 4, end: 5, type: "PER" },
    ]);
  });

  it.each([
    ["overlap", [span(0, 2), span(1, 3)]],
    ["are empty", [span(1, 1)]],
    ["reach too far", [span(2, 4)]],
  ])("refuses to write spans that %s", (_, spans) => {
    expect(() => tagsOfSpans(spans, 3, "BIO")).toThrow(expect.objectContaining({ code: "INPUT_MALFORMED" }));
  });
});

function span(start: number, end: number): TagSpan {
  return { start, end, type: "A" };
}

function joined(spans: readonly TagSpan[]): TagSpan[] {
  const out: TagSpan[] = [];
  for (const next of spans) {
    const last = out.at(-1);
    if (last !== undefined && last.end === next.start && last.type === next.type)
      out[out.length - 1] = { ...last, end: next.end };
    else out.push(next);
  }
  return out;
}
