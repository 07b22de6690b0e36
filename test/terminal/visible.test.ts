import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cells, columns, cut, printable, runsRightToLeft } from "../../src/terminal/visible.js";

const shown = (text: string, unicode = true) => cells(text, unicode).map((cell) => cell.text);

describe("cells", () => {
  it("show control characters as pictures and other unsafe ones as U+FFFD", () => {
    expect(shown("\u001b[m\u0007\u0000\u007f")).toEqual(["␛", "[", "m", "␇", "␀", "␡"]);
    expect(shown("\u009b\u202e\u2067\ud800\ufff9")).toEqual(["�", "�", "�", "�", "�"]);
    expect(shown("\u001b\u202e\ud800", false)).toEqual(["?", "?", "?"]);
  });

  it("leave out what shows nothing and give a lone mark something to stand on", () => {
    expect(shown("a\u00ad\u200b\ufeffb")).toEqual(["a", "b"]);
    expect(shown("\n\u0301")).toEqual(["", "◌\u0301"]);
    expect(shown("\u0600")).toEqual(["�"]);
    expect(shown("a \u0301")).toEqual(["a", "\u00a0\u0301"]);
  });

  it("tell line ends and white space from text", () => {
    expect(cells("a\r\n\u3000\t\u2028", true).map(({ kind, width }) => [kind, width])).toEqual([
      ["text", 1],
      ["newline", 0],
      ["space", 2],
      ["space", 4],
      ["newline", 0],
    ]);
  });

  it("are the graphemes of Unicode, also of a long text", () => {
    const alphabet = fc.constantFrom("👩‍👩‍👧", "🇨🇭", "🇨", "e\u0301", "한", "\u1112\u1161", "नमस्ते", "a", "日");
    const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
    fc.assert(
      fc.property(fc.array(alphabet, { minLength: 200, maxLength: 600, size: "max" }), (parts) => {
        const text = parts.join("");
        const expected = [...segmenter.segment(text)].map((segment) => segment.segment);
        expect(shown(text)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
    const tower = `x${"\u0301".repeat(1000)}`;
    expect(cells(`a${tower}b`, true).at(-1)).toMatchObject({ text: "b", start: 1002, end: 1003 });
  });

  it("cover the document in order, none empty, with the width that string-width gives", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.boolean(), (text, unicode) => {
        let at = 0;
        for (const cell of cells(text, unicode)) {
          expect(cell.start).toBeGreaterThanOrEqual(at);
          expect(cell.end).toBeGreaterThan(cell.start);
          expect(cell.width > 0).toBe(cell.kind !== "newline");
          at = cell.end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 500 },
    );
  });
});

describe("names", () => {
  it("are one line without anything unsafe", () => {
    expect(printable(" a\n\t b\u001b[1m\u202e ", true)).toBe("a b␛[1m�");
  });

  it("are cut to a width in columns", () => {
    expect(cut("日本語", 6, true)).toBe("日本語");
    expect(cut("日本語", 5, true)).toBe("日本…");
    expect(cut("日本語", 4, true)).toBe("日…");
    expect(cut("abcdef", 3, false)).toBe("ab~");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 20 }), (text, width) => {
        expect(columns(cut(printable(text, true), width, true))).toBeLessThanOrEqual(width);
      }),
    );
  });
});

describe("direction", () => {
  it("is that of the first letter", () => {
    expect(runsRightToLeft("12 «שלום» abc")).toBe(true);
    expect(runsRightToLeft("abc שלום")).toBe(false);
    expect(runsRightToLeft("12 !")).toBe(false);
  });
});
