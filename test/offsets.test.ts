import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OFFSET_UNITS, offsetsIn, range, snapToGraphemes } from "../src/offsets.js";

const FLAGS = ["🇩🇪", "🇫🇷", "\u{1f1e6}"];
const SIGNS = [
  "a",
  " ",
  "é",
  "e\u0308",
  "\r\n",
  "\n",
  "👍🏽",
  "👩‍👩‍👧",
  "שׁ",
  "مُ",
  "한",
  "각",
  "नि",
  "क्ष",
  "東",
  "\u0301",
  "\u200d",
  "☎️",
];
/** Emoji, combining marks, CRLF, right-to-left, CJK, conjuncts, lone surrogates, and anything. */
const text = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...SIGNS, ...FLAGS) },
      { weight: 1, arbitrary: fc.constantFrom("\ud83d", "\udc4d", "\u0600") },
      { weight: 2, arbitrary: fc.string({ unit: "binary", maxLength: 3 }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) },
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

describe("offsetsIn", () => {
  const naive = {
    utf16: (before: string) => before.length,
    code_point: (before: string) => Array.from(before).length,
    utf8: (before: string) => Buffer.byteLength(before),
  };

  test("counts as Array.from and Buffer do, asked in any order", () => {
    fc.assert(
      fc.property(
        text,
        fc.array(fc.nat({ max: 60 })),
        fc.constantFrom(...OFFSET_UNITS),
        (text, asked, unit) => {
          const at = offsetsIn(text, unit);
          for (const n of [...asked, 0, text.length]) {
            const offset = Math.min(n, text.length);
            const whole = unit === "utf16" || !inPair(text, offset) ? offset : offset - 1;
            expect(at(offset)).toBe(naive[unit](text.slice(0, whole)));
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("gives offsets that slice the surface in each unit", () => {
    const whole = "Zoë 👍🏽 met\r\nשלום at 東京 𠮷野家";
    const start = whole.indexOf("東京");
    const surface = "東京 𠮷野家";
    const [points, bytes] = [offsetsIn(whole, "code_point"), offsetsIn(whole, "utf8")];
    expect(
      Array.from(whole)
        .slice(points(start), points(start + surface.length))
        .join(""),
    ).toBe(surface);
    expect(
      Buffer.from(whole)
        .subarray(bytes(start), bytes(start + surface.length))
        .toString(),
    ).toBe(surface);
  });

  test("is linear when asked in ascending order", { timeout: 5_000 }, () => {
    const long = "é".repeat(1 << 20);
    const at = offsetsIn(long, "utf8");
    for (let i = 0; i <= long.length; i++) if (at(i) !== 2 * i) throw new Error(`${i}`);
  });
});

describe("snapToGraphemes", () => {
  test("widens to the nearest borders of the whole text's graphemes, and no further", () => {
    fc.assert(
      fc.property(text, fc.nat(), fc.nat(), (text, a, b) => {
        if (text === "") return;
        const start = a % text.length;
        const end = start + 1 + (b % (text.length - start));
        const borders = bordersOf(text);
        expect(snapToGraphemes(text, range(start, end))).toEqual({
          start: borders.findLast((border) => border <= start),
          end: borders.find((border) => border >= end),
        });
      }),
      { numRuns: 1000 },
    );
  });

  test("is right beside every character of the basic plane", () => {
    for (let unit = 0; unit <= 0xffff; unit++) {
      for (const [before, after] of ["aя", "東\u0301"]) {
        const text = `${before}${String.fromCharCode(unit)}${after}`;
        const borders = bordersOf(text);
        const snapped = snapToGraphemes(text, range(1, 2));
        const start = borders.findLast((border) => border <= 1);
        const end = borders.find((border) => border >= 2);
        if (snapped.start !== start || snapped.end !== end) throw new Error(`U+${unit.toString(16)}`);
      }
    }
  });

  test("never lets neighbours overlap, and keeps to borders", () => {
    fc.assert(
      fc.property(text, fc.uniqueArray(fc.nat({ max: 60 })), (text, cuts) => {
        const sorted = cuts.filter((cut) => cut <= text.length).sort((a, b) => a - b);
        const borders = new Set(bordersOf(text));
        let notBefore = 0;
        for (let i = 0; i + 1 < sorted.length; i++) {
          const { start, end } = snapToGraphemes(text, range(sorted[i]!, sorted[i + 1]!), notBefore);
          expect(start).toBeGreaterThanOrEqual(notBefore);
          expect(end).toBeGreaterThanOrEqual(sorted[i + 1]!);
          expect(borders.has(start) && borders.has(end)).toBe(true);
          notBefore = end;
        }
      }),
      { numRuns: 500 },
    );
  });

  test("empties a range that the one before has swallowed", () => {
    const family = "👩‍👩‍👧";
    const first = snapToGraphemes(family, range(0, 2));
    expect(first).toEqual({ start: 0, end: family.length });
    expect(snapToGraphemes(family, range(3, 5), first.end)).toEqual({
      start: family.length,
      end: family.length,
    });
  });

  test("leaves an empty range alone", () => {
    expect(snapToGraphemes("👍🏽", range(2, 2))).toEqual({ start: 2, end: 2 });
  });

  test("pairs flags from the start of their run, however long", { timeout: 5_000 }, () => {
    const flags = "🇩🇪".repeat(50_000);
    let notBefore = 0;
    for (let at = 0; at < flags.length; at += 4) {
      expect(snapToGraphemes(flags, range(at + 2, at + 3), at === 60_000 ? 0 : notBefore)).toEqual({
        start: at,
        end: at + 4,
      });
      notBefore = at + 4;
    }
  });

  test("keeps its promise on a mark stack longer than it looks", () => {
    const zalgo = `a${"\u0301".repeat(1000)}b`;
    const { start, end } = snapToGraphemes(zalgo, range(500, 501));
    expect(start).toBeLessThanOrEqual(500);
    expect(end).toBeGreaterThanOrEqual(501);
    expect(snapToGraphemes(zalgo, range(501, 502), end)).toEqual({ start: end, end });
  });
});

function bordersOf(text: string): number[] {
  const segmenter = new Intl.Segmenter("und", { granularity: "grapheme" });
  return [...segmenter.segment(text)].map(({ index }) => index).concat(text.length);
}

function inPair(text: string, offset: number): boolean {
  return offset > 0 && /^[\ud800-\udbff][\udc00-\udfff]$/.test(text.slice(offset - 1, offset + 1));
}
