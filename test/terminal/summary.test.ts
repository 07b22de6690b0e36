import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { type RunCounts, summary } from "../../src/terminal/summary.js";

const counts: RunCounts = {
  documents: 12,
  words: 1840,
  rejected: 0,
  seconds: 2.314,
  lenses: [
    {
      lens: "ner",
      unit: "span",
      labels: new Map([
        ["PER", 42],
        ["ORG", 84],
        ["LOC", 1],
        ["MISC", 0],
      ]),
    },
    {
      lens: "pos",
      unit: "word",
      labels: new Map([
        ["NOUN", 1200],
        ["X", 1],
      ]),
    },
  ],
};

describe("the summary", () => {
  it("shows totals and, side by side, a table for each lens", () => {
    expect(summary(counts, { color: "none", width: 80, unicode: true }).split("\n")).toEqual([
      "12 documents · 1 840 words · 2.31 s · 5.2 documents/s · 795 words/s",
      "",
      "ner   127 spans          pos   1 201 words",
      "  ORG 84  ████████████     NOUN 1 200  ████████████",
      "  PER 42  ██████           X        1  ▏",
      "  LOC  1  ▏",
      "",
    ]);
  });

  it("stacks the tables on a narrow terminal and does without Unicode", () => {
    expect(summary(counts, { color: "none", width: 24, unicode: false }).split("\n")).toEqual([
      "12 documents, 1 840 words, 2.31 s",
      "5.2 documents/s, 795 words/s",
      "",
      "ner   127 spans",
      "  ORG 84  ############",
      "  PER 42  ######",
      "  LOC  1  #",
      "",
      "pos   1 201 words",
      "  NOUN 1 200  ##########",
      "  X        1  #",
      "",
    ]);
  });

  it("names rejected documents and files, and nothing unsafe", () => {
    const files = { rejected: 1, output: "a\u001b[2J.jsonl", errors: "bad.jsonl", lenses: [], seconds: 0 };
    expect(summary({ ...counts, ...files }, { color: "none", width: 80, unicode: true })).toBe(
      "12 documents · 1 840 words · 0.00 s\n\n1 document rejected, named in bad.jsonl\nrecords in a␛[2J.jsonl\n",
    );
  });

  it("sums up the labels beyond the most frequent eight", () => {
    const labels = new Map(Array.from({ length: 11 }, (_, i) => [`L${i}`, 100 - i]));
    const rows = summary(
      { ...counts, lenses: [{ lens: "x", unit: "span", labels }] },
      { color: "none", width: 80, unicode: true },
    ).split("\n");
    expect(rows.slice(2, 4)).toEqual(["x   1 045 spans", "  L0     100  ████████████"]);
    expect(rows.slice(10, 12)).toEqual(["  L7      93  ███████████▏", "  3 more 273"]);
  });

  it("keeps its columns under colour", () => {
    const traits = { width: 80, unicode: true } as const;
    const lines = (color: "none" | "truecolor") => summary(counts, { ...traits, color }).split("\n");
    const bare = lines("truecolor").map((line) => line.replace(/\u001b\[[0-9;]*m/g, "").trimEnd());
    expect(bare).toEqual(lines("none"));
    for (const line of lines("truecolor")) expect(stringWidth(line)).toBeLessThanOrEqual(80);
  });
});
