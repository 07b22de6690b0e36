import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Block, blocksOf, JOIN_TO, toView } from "../../src/document/blocks.js";
import { segmentsOf } from "../../src/document/segments.js";
import { isWhiteSpace } from "../../src/whitespace.js";

/** Every unit of white space, as a class of a regular expression. */
const BLANK = `[${Array.from({ length: 0x10000 }, (_, unit) => unit)
  .filter(isWhiteSpace)
  .map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`)
  .join("")}]`;
const MARKS = new RegExp(`^${BLANK}*(?:>${BLANK}?)+`);

const read = (text: string, joinTo?: number): Block[] => blocksOf(text, segmentsOf(text), joinTo);
const canonicals = (text: string, joinTo?: number): string[] => read(text, joinTo).map((b) => b.canonical);

/** A word of any script, also signs, emoji sequences and lone surrogates; it does not look like a quote mark. */
const word = fc
  .oneof(
    { weight: 4, arbitrary: fc.string({ unit: fc.constantFrom(..."abcdefghij,.;:-'(\"<>"), maxLength: 12 }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(
        "Zoë",
        "Zoe\u0308",
        "שלום",
        "مرحبا",
        "नमस्ते",
        "東京都",
        "한국어",
        "👩‍👩‍👧",
        "🇩🇪",
        "👍🏽",
      ),
    },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 6 }) },
    { weight: 1, arbitrary: fc.constantFrom("\ud83d", "\udc4d", `https://example.org/${"x".repeat(150)}`) },
  )
  .map((text) => withoutWhiteSpace(text).replace(/^>+/, ""))
  .filter((text) => text !== "");
const prose = fc.array(word, { minLength: 1, maxLength: 60 });
const document = fc.array(fc.array(prose, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 });

const layout = fc.record({
  width: fc.oneof(fc.integer({ min: 40, max: 120 }), fc.constant(Number.POSITIVE_INFINITY)),
  depth: fc.nat({ max: 4 }),
  mark: fc.constantFrom("> ", ">", ">\t"),
  lead: fc.constantFrom("", "", "  "),
  indents: fc.array(fc.constantFrom("", " ", "    ", "\t", "\u00a0", "\t\t  "), {
    minLength: 1,
    maxLength: 5,
  }),
  trails: fc.array(fc.constantFrom("", "", " ", "   ", "\t"), { minLength: 1, maxLength: 3 }),
  eol: fc.constantFrom("\n", "\r\n", "\r", "\u2028"),
  blankLines: fc.array(fc.constantFrom("", "marks", "   "), { minLength: 1, maxLength: 3 }),
});
type Layout = typeof layout extends fc.Arbitrary<infer L> ? L : never;
const PLAIN: Layout = {
  width: Number.POSITIVE_INFINITY,
  depth: 0,
  mark: "> ",
  lead: "",
  indents: [""],
  trails: [""],
  eol: "\n",
  blankLines: [""],
};

describe("canonical forms", () => {
  test("of prose never change with wrapping, quoting, indentation, trailing blanks or line breaks", () => {
    fc.assert(
      fc.property(document, layout, fc.constantFrom(0, 60, JOIN_TO), (segments, how, joinTo) => {
        expect(canonicals(write(segments, how), joinTo)).toEqual(canonicals(write(segments, PLAIN), joinTo));
      }),
      { numRuns: 400 },
    );
  });

  test("of prose are its words joined by one space, paragraph by paragraph", () => {
    fc.assert(
      fc.property(document, layout, (segments, how) => {
        const expected = segments.flat().map((words) => words.join(" "));
        expect(canonicals(write(segments, how), 0)).toEqual(expected);
      }),
    );
  });

  test("of prose do not change where the wrapper counts its indentation of up to eight columns", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 30, maxLength: 80 }),
        fc.integer({ min: 48, max: 80 }),
        fc.constantFrom([8, 0], [0, 8], [4, 0, 0], [0, 8, 8, 3]),
        (lengths, width, indents) => {
          const words = lengths.map((length) => "x".repeat(length));
          const text = wrap(words, (line) => width - indents[line % indents.length]!)
            .map((line, i) => " ".repeat(indents[i % indents.length]!) + line)
            .join("\n");
          expect(canonicals(text)).toEqual([words.join(" ")]);
        },
      ),
    );
  });

  test("of any lines never change with quoting, indentation, trailing blanks or line breaks", () => {
    const lines = fc.array(
      fc.array(word, { maxLength: 12 }).map((words) => words.join(" ")),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(lines, layout, (all, how) => {
        expect(canonicals(all.map((line, i) => place(line, how, i)).join(how.eol))).toEqual(
          canonicals(all.join("\n")),
        );
      }),
    );
  });

  test("keep the lines of greetings, lists, addresses and signatures", () => {
    const mail = `Hello Ms Weber,
we have looked into the matter of the missing parcel and found that it had
never left our depot in Leipzig. Please send us once more:
- your order number
- the address it should go to
Kind regards
Jan Novak`;
    expect(canonicals(mail)).toEqual([
      "Hello Ms Weber,\nwe have looked into the matter of the missing parcel and found that it had never left our depot in " +
        "Leipzig. Please send us once more:\n- your order number\n- the address it should go to\nKind regards\nJan Novak",
    ]);
  });

  test("of a wrapped paragraph survive a line with an address longer than any width", () => {
    const url = `https://example.org/${"a".repeat(180)}`;
    const words = [..."abcdefghij".repeat(3)].map((c) => c.repeat(7));
    const text = wrap([...words, url, ...words], () => 72).join("\n");
    expect(canonicals(text)).toEqual([[...words, url, ...words].join(" ")]);
  });
});

describe("blocks", () => {
  const a = (length: number) => "a".repeat(length);

  test("join short paragraphs by a line feed until they are worth a pass", () => {
    expect(canonicals(`${a(90)}\n\n${a(60)}\n\n${a(70)}\n\n${a(50)}`, 200)).toEqual([
      `${a(90)}\n${a(60)}\n${a(70)}`,
      a(50),
    ]);
  });

  test("leave a long paragraph alone, before and after short ones", () => {
    expect(canonicals(`${a(10)}\n\n${a(200)}\n\n${a(20)}\n\n${a(199)}`, 200)).toEqual([
      a(10),
      a(200),
      `${a(20)}\n${a(199)}`,
    ]);
  });

  test("are single paragraphs where nothing is to be joined", () => {
    expect(canonicals("a\n\nb\n\n\nc", 0)).toEqual(["a", "b", "c"]);
  });

  test("never span a change of quote depth", () => {
    const text = "a\n> b\n> c\n>> d\n> e\nf";
    expect(read(text).map((b) => [b.segment, b.canonical])).toEqual([
      [0, "a"],
      [1, "b\nc"],
      [2, "d"],
      [3, "e"],
      [4, "f"],
    ]);
  });

  test("are none for text without words", () => {
    for (const text of ["", "\n", " \r\n\t", "> \n>>\n > > >"]) expect(read(text)).toEqual([]);
  });
});

describe("the map back", () => {
  /** Text made to be nasty: marks, every kind of break and blank, combining marks, lone surrogates. */
  const nasty = fc.oneof(
    fc.string({
      unit: fc.constantFrom(..."ab>> \n\r\t\v\f", "\u0085", "\u2029", "\u200b", "\u0308", "👍", "\ud83d"),
      maxLength: 80,
    }),
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.tuple(document, layout).map(([segments, how]) => write(segments, how)),
  );

  test("finds the very characters of every range", () => {
    fc.assert(
      fc.property(
        nasty,
        fc.nat(),
        fc.nat(),
        fc.constantFrom(0, 20, JOIN_TO),
        (text, from, length, joinTo) => {
          for (const block of read(text, joinTo)) {
            const start = from % block.canonical.length;
            const end = Math.min(block.canonical.length, start + (length % 40));
            const range = toView(block, start, end);
            expect(range.start).toBeLessThanOrEqual(range.end);
            if (start === end) continue;
            for (const [view, canonical] of [
              [range.start, start],
              [range.end - 1, end - 1],
            ] as const) {
              const unit = block.canonical[canonical]!;
              if (!isWhiteSpace(unit.charCodeAt(0))) expect(text[view]).toBe(unit);
            }
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  test("finds every character that is neither white space nor a quote mark exactly once, in order", () => {
    fc.assert(
      fc.property(nasty, fc.constantFrom(0, 20, JOIN_TO), (text, joinTo) => {
        const segments = segmentsOf(text);
        let before = -1;
        let found = "";
        for (const block of blocksOf(text, segments, joinTo)) {
          for (let i = 0; i < block.canonical.length; i++) {
            if (isWhiteSpace(block.canonical.charCodeAt(i))) continue;
            const { start, end } = toView(block, i, i + 1);
            expect(start).toBeGreaterThan(before);
            expect(start).toBeGreaterThanOrEqual(segments[block.segment]!.start);
            expect(end).toBeLessThanOrEqual(segments[block.segment]!.end);
            expect(text.slice(start, end)).toBe(block.canonical[i]);
            before = start;
            found += text.slice(start, end);
          }
        }
        expect(found).toBe(withoutWhiteSpace(withoutMarks(text)));
      }),
      { numRuns: 400 },
    );
  });

  test("has the form of blocks: no blank at an end, no two joiners beside each other", () => {
    fc.assert(
      fc.property(nasty, (text) => {
        for (const { canonical } of read(text)) {
          expect(canonical.split(/[ \n]/).every((s) => s !== "" && withoutWhiteSpace(s) === s)).toBe(true);
        }
      }),
    );
  });

  test("keeps an empty range empty", () => {
    const [block] = read("> one\n> two");
    expect(toView(block!, 4, 4)).toEqual({ start: 8, end: 8 });
  });

  test("needs one anchor for text without folded gaps", () => {
    const [block] = read("one two three\tfour");
    expect(block!.viewAnchors).toEqual([0]);
    expect(block!.canonical).toBe("one two three four");
  });
});

describe("nasty input is read in linear time", () => {
  const MB = 1 << 20;
  const inputs: Record<string, string> = {
    "a megabyte of quote marks": ">".repeat(MB),
    "a megabyte without a blank": "x".repeat(MB),
    "a megabyte of line feeds": "\n".repeat(MB),
    "a megabyte of blanks": " ".repeat(MB),
    "a megabyte of one-letter words": "a ".repeat(MB / 2),
    "a megabyte of one-letter lines": "a\n".repeat(MB / 2),
    "a megabyte of one-letter paragraphs": "a\n\n".repeat(MB / 3),
    "100,000 changes of quote depth": "a\n> b\n".repeat(50_000),
    "growing quote depth": Array.from({ length: 1400 }, (_, i) => `${">".repeat(i)} a`).join("\n"),
  };
  // What is quadratic takes minutes on these.
  for (const [name, text] of Object.entries(inputs)) {
    test(name, { timeout: 5_000 }, () => {
      const blocks = read(text);
      const last = blocks.at(-1);
      if (last === undefined) return;
      let sum = 0;
      for (let i = 0; i < last.canonical.length; i++) sum += toView(last, i, i + 1).start;
      expect(sum).toBeGreaterThanOrEqual(0);
    });
  }
});

/** Writes segments, whose depths differ by one in turn, in a layout. */
function write(segments: string[][][], how: Layout): string {
  const lines: string[] = [];
  let count = 0;
  segments.forEach((paragraphs, i) => {
    const deeper = { ...how, depth: how.depth + (i % 2) };
    paragraphs.forEach((words, p) => {
      if (p > 0)
        lines.push(...how.blankLines.map((kind) => (kind === "marks" ? place("", deeper, 0) : kind)));
      for (const line of wrap(words, () => how.width)) lines.push(place(line, deeper, count++));
    });
  });
  return lines.join(how.eol);
}

function place(line: string, { lead, depth, mark, indents, trails }: Layout, index: number): string {
  const marks = depth === 0 ? "" : lead + mark.repeat(depth);
  return marks + indents[index % indents.length] + line + trails[index % trails.length];
}

function wrap(words: string[], width: (line: number) => number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const next of words) {
    if (line !== "" && line.length + 1 + next.length > width(lines.length)) {
      lines.push(line);
      line = next;
    } else line = line === "" ? next : `${line} ${next}`;
  }
  return [...lines, line];
}

function withoutWhiteSpace(text: string): string {
  return text
    .split("")
    .filter((unit) => !isWhiteSpace(unit.charCodeAt(0)))
    .join("");
}

/** The same rule as the code's, as a regular expression. */
function withoutMarks(text: string): string {
  return text
    .split(/[\n\v\f\r\u0085\u2028\u2029]/)
    .map((line) => line.replace(MARKS, ""))
    .join("\n");
}
