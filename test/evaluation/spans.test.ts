import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addSpans, spanScores, spanTally } from "../../src/evaluation/spans.js";
import type { TagSpan } from "../../src/tagging/schemes.js";

const span = (start: number, end: number, type: string): TagSpan => ({ start, end, type });

describe("span scores", () => {
  it("count a span as right only where start, end and type are", () => {
    const tally = spanTally();
    addSpans(
      tally,
      [span(0, 2, "PER"), span(3, 4, "LOC"), span(5, 6, "LOC"), span(7, 8, "ORG")],
      [span(0, 2, "PER"), span(3, 5, "LOC"), span(5, 6, "ORG")],
    );
    expect(spanScores(tally)).toEqual({
      micro: { precision: 1 / 3, recall: 1 / 4, f1: 2 / 7 },
      macro: { precision: 1 / 3, recall: 1 / 3, f1: 1 / 3 },
      types: {
        LOC: { precision: 0, recall: 0, f1: 0, gold: 2, predicted: 1, correct: 0 },
        ORG: { precision: 0, recall: 0, f1: 0, gold: 1, predicted: 1, correct: 0 },
        PER: { precision: 1, recall: 1, f1: 1, gold: 1, predicted: 1, correct: 1 },
      },
    });
  });

  it("keep documents apart: the same place in another document is another span", () => {
    const tally = spanTally();
    addSpans(tally, [span(0, 1, "A")], []);
    addSpans(tally, [], [span(0, 1, "A")]);
    expect(spanScores(tally).types.A).toMatchObject({ gold: 1, predicted: 1, correct: 0 });
  });

  it("are 0 where there is nothing to divide by", () => {
    const nothing = { precision: 0, recall: 0, f1: 0 };
    expect(spanScores(spanTally())).toEqual({ micro: nothing, macro: nothing, types: {} });
  });

  it("count a span given twice once, and take any name for a type", () => {
    const tally = spanTally();
    const odd = [span(0, 1, "__proto__"), span(0, 1, "__proto__"), span(0, 1, "1 A")];
    addSpans(tally, odd, odd);
    const { types, micro } = spanScores(tally);
    expect(Object.keys(types)).toEqual(["1 A", "__proto__"]);
    expect(micro.f1).toBe(1);
    expect(Object.entries(types).map(([, s]) => s.gold)).toEqual([1, 1]);
  });

  it("do not depend on the order of spans or of documents", () => {
    const spans = fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.constantFrom("A", "B")), { maxLength: 6 });
    const document = fc.record({ gold: spans, predicted: spans });
    const asSpans = (list: readonly [number, number, string][]) =>
      list.map(([start, more, type]) => span(start, start + 1 + more, type));
    fc.assert(
      fc.property(fc.array(document, { maxLength: 4 }), (documents) => {
        const there = spanTally();
        const back = spanTally();
        for (const { gold, predicted } of documents) addSpans(there, asSpans(gold), asSpans(predicted));
        for (const { gold, predicted } of documents.toReversed())
          addSpans(back, asSpans(gold).toReversed(), asSpans(predicted).toReversed());
        expect(spanScores(back)).toEqual(spanScores(there));
      }),
    );
  });
});
