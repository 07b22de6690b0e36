import { describe, expect, it } from "vitest";
import { type EvaluationReport, reportTable } from "../../src/evaluation/report.js";
import { addSpans, spanScores, spanTally } from "../../src/evaluation/spans.js";

describe("the report", () => {
  const tally = spanTally();
  const span = (start: number, type: string) => ({ start, end: start + 1, type });
  addSpans(tally, [span(0, "PER"), span(1, "日本"), span(2, "PER")], [span(0, "PER"), span(1, "PER")]);
  const report: EvaluationReport = {
    lenses: {
      ner: { ...spanScores(tally), accuracy: 0.987654 },
      pos: { accuracy: 0.95 },
      upos: { precision: 0.9, recall: 0.8, f1: 0.847, accuracy: 0.97 },
    },
    words: { precision: 0.99, recall: 0.98, f1: 0.985 },
    sentences: { precision: 0.5, recall: 0.25, f1: 1 / 3 },
  };

  it("is a table in percent, lined up by what a terminal shows", () => {
    expect(reportTable(report)).toBe(
      [
        "ner            precision  recall     f1  gold  predicted  correct",
        "PER                50.00   50.00  50.00     2          2        1",
        "日本                0.00    0.00   0.00     1          0        0",
        "micro average      50.00   33.33  40.00     3          2        1",
        "macro average      25.00   25.00  25.00",
        "word accuracy 98.77",
        "",
        "pos",
        "word accuracy 95.00",
        "",
        "upos    precision  recall     f1",
        "labels      90.00   80.00  84.70",
        "accuracy on words found 97.00",
        "",
        "raw text   precision  recall     f1",
        "words          99.00   98.00  98.50",
        "sentences      50.00   25.00  33.33",
        "",
      ].join("\n"),
    );
  });

  it("holds fractions as data, and says nothing of raw text where there was none", () => {
    const { lenses } = report;
    expect(JSON.parse(JSON.stringify({ lenses })).lenses.ner).toMatchObject({
      micro: { precision: 0.5, recall: 1 / 3 },
      types: { PER: { f1: 0.5, gold: 2, predicted: 2, correct: 1 } },
      accuracy: 0.987654,
    });
    expect(reportTable({ lenses })).not.toContain("raw text");
  });
});
