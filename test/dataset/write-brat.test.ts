import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bratName, toBrat } from "../../src/dataset/write-brat.js";

function document(text: string, spans: [number, number, string][]) {
  const list = spans.map(([start, end, label]) => ({ start, end, label }));
  return {
    id: "d",
    text,
    words: { starts: [], ends: [] },
    sentences: [],
    lenses: [{ name: "ner", tags: [], spans: list }],
  };
}

describe("toBrat", () => {
  test("counts code points, numbers spans over all lenses", () => {
    const one = document("😀 Ann met Bob", [
      [3, 6, "PER"],
      [11, 14, "B/x y"],
    ]);
    const other = document(one.text, [[3, 10, "VP"]]).lenses[0]!;
    expect(toBrat({ ...one, lenses: [...one.lenses, other] })).toEqual({
      txt: "😀 Ann met Bob",
      ann: "T1\tPER 2 5\tAnn\nT2\tB_x_y 10 13\tBob\nT3\tVP 2 9\tAnn met\n",
    });
  });

  test("a span over line ends is written in parts", () => {
    expect(toBrat(document("New\r\n  York  City\there", [[0, 22, "LOC"]])).ann).toBe(
      "T1\tLOC 0 3;7 17;18 22\tNew York  City here\n",
    );
  });

  test("every span is one line whose text is what its ranges say", () => {
    const sign = fc.constantFrom("a", "é", "😀", " ", "\n", "\r\n", "\t", "\u2028", "\u0085", "\u00a0");
    fc.assert(
      fc.property(fc.array(sign, { minLength: 1, maxLength: 20 }), fc.nat(19), fc.nat(19), (signs, a, b) => {
        const text = `${signs.join("")}`;
        const border = (i: number) => signs.slice(0, i).join("").length;
        const [start, end] = [border(Math.min(a, b)), border(Math.max(a, b) + 1)];
        fc.pre(text.slice(start, end).replace(/[\s\u0085]/g, "") !== "");
        const { ann } = toBrat(document(text, [[start, end, "X"]]));
        const [, ranges, surface] = /^T1\tX ([\d ;]+)\t([^\t\n\r\u2028\u0085]*)\n$/.exec(ann)!;
        const points = [...text];
        const parts = ranges!.split(";").map((range) => range.split(" ").map(Number));
        expect(parts.map(([from, to]) => points.slice(from, to).join("")).join(" ")).toBe(surface);
        expect(surface!.replace(/\s/gu, "")).toBe(text.slice(start, end).replace(/[\s\u0085]/gu, ""));
      }),
    );
  });
});

describe("bratName", () => {
  test.each([
    ["mail-1.txt", "mail-1.txt"],
    ["../etc/passwd", "%2E.%2Fetc%2Fpasswd"],
    ["a b%é", "a%20b%25%C3%A9"],
    ["-rf", "%2Drf"],
    ["", "%"],
  ])("%s", (id, name) => {
    expect(bratName(id)).toBe(name);
  });

  test("different ids have different names, all of them safe", () => {
    const id = fc.oneof(fc.string({ unit: "grapheme" }), fc.string({ minLength: 190, maxLength: 300 }));
    fc.assert(
      fc.property(id, id, (a, b) => {
        expect(bratName(a)).toMatch(/^[A-Za-z0-9_%][A-Za-z0-9._%-]{0,199}$/);
        if (a !== b) expect(bratName(a)).not.toBe(bratName(b));
        const long = "x".repeat(250);
        expect(bratName(`${long}${a}`) === bratName(`${long}${b}`)).toBe(a === b);
      }),
    );
  });
});
