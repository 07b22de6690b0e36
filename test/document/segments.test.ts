import fc from "fast-check";
import { expect, test } from "vitest";
import { segmentsOf } from "../../src/document/segments.js";
import { isWhiteSpace } from "../../src/whitespace.js";

const slices = (text: string) =>
  segmentsOf(text).map(({ start, end, kind, depth }) => [text.slice(start, end), kind, depth]);

test("a change of quote depth starts a segment", () => {
  expect(slices("Yes.\n\n> Is it?\n> > Was it?\n> >  Truly?\n\nBye\n")).toEqual([
    ["Yes.", "body", 0],
    ["> Is it?", "quote", 1],
    ["> > Was it?\n> >  Truly?", "quote", 2],
    ["Bye", "body", 0],
  ]);
});

test("blank lines, quoted or not, part no segment", () => {
  expect(slices("> a\n\n>\n>> \n> b")).toEqual([["> a\n\n>\n>> \n> b", "quote", 1]]);
});

test("marks may be indented and parted by one blank; what follows two blanks is text", () => {
  expect(slices("  >\t> a")).toEqual([["  >\t> a", "quote", 2]]);
  expect(slices(">  > a")).toEqual([[">  > a", "quote", 1]]);
  expect(slices("a > b")).toEqual([["a > b", "body", 0]]);
});

test("CR LF is one line break", () => {
  expect(slices("> a\r\n> b\r\nc\rd")).toEqual([
    ["> a\r\n> b", "quote", 1],
    ["c\rd", "body", 0],
  ]);
});

test("segments are in order, of differing depth, and leave out nothing but white space and marks", () => {
  const signs = fc.constantFrom(..."ab>> \n\r\t", "\u2028", "\u200b", "👍", "\ud83d");
  fc.assert(
    fc.property(fc.string({ unit: signs, maxLength: 80 }), (text) => {
      const segments = segmentsOf(text);
      let before = 0;
      segments.forEach(({ start, end, depth, kind }, i) => {
        expect(end).toBeGreaterThan(start);
        expect(depth).not.toBe(segments[i - 1]?.depth);
        expect(kind).toBe(depth === 0 ? "body" : "quote");
        expect(isGap(text.slice(before, start))).toBe(true);
        expect(isGap(text.slice(end - 1, end).replace(">", "x"))).toBe(false);
        before = end;
      });
      expect(isGap(text.slice(before))).toBe(true);
    }),
    { numRuns: 400 },
  );
});

function isGap(text: string): boolean {
  return [...text].every((sign) => sign === ">" || isWhiteSpace(sign.charCodeAt(0)));
}
