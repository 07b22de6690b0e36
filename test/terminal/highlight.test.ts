import fc from "fast-check";
import stringWidth from "string-width";
import { describe, expect, it } from "vitest";
import { type HighlightDocument, type HighlightSpan, highlight } from "../../src/terminal/highlight.js";
import type { TerminalTraits } from "../../src/terminal/traits.js";

const SGR = /\u001b\[[0-9;]*m/g;
const plain = (width: number, unicode = true): TerminalTraits => ({ color: "none", width, unicode });

/** Spans for surfaces that occur in `text` in this order. */
function spansOf(text: string, lens: string, items: readonly (readonly [string, string, number?])[]) {
  let at = 0;
  return items.map(([surface, label, score = 0.9]): HighlightSpan => {
    const start = text.indexOf(surface, at);
    at = start + surface.length;
    return { lens, start, end: at, label, score };
  });
}

function wordsOf(text: string, lens: string, items: readonly (readonly [string, string])[]) {
  const spans = spansOf(text, lens, items);
  return {
    lens,
    starts: spans.map((s) => s.start),
    ends: spans.map((s) => s.end),
    labels: spans.map((s) => s.label),
  };
}

describe("highlight without colour", () => {
  it("brackets spans with their labels and marks low scores", () => {
    const text = "Apple hired Tim Cook in London.";
    const spans = spansOf(text, "ner", [
      ["Apple", "ORG"],
      ["Tim Cook", "PER", 0.499],
      ["London", "LOC", 0.5],
    ]);
    expect(highlight({ id: "a", text, spans }, plain(80))).toBe(
      "[Apple ORG] hired [Tim Cook PER?] in [London LOC].\n",
    );
  });

  it("wraps between words, keeps a label with the last word of its span, keeps line ends", () => {
    const text = "We met Maria Sanchez in Rio\r\nde Janeiro\n\n\n\n  bye";
    const spans = spansOf(text, "ner", [
      ["Maria Sanchez", "PER"],
      ["Rio\r\nde Janeiro", "LOC"],
    ]);
    expect(highlight({ id: "a", text, spans }, plain(20)).split("\n")).toEqual([
      "We met [Maria",
      "Sanchez PER] in [Rio",
      "de Janeiro LOC]",
      "",
      "  bye",
      "",
    ]);
  });

  it("cuts a word that is wider than a line between graphemes", () => {
    const text = `x ${"ab".repeat(6)} 👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧`;
    expect(highlight({ id: "a", text, spans: [] }, plain(5)).split("\n")).toEqual([
      "x",
      "ababa",
      "babab",
      "ab 👩‍👩‍👧",
      "👩‍👩‍👧👩‍👩‍👧",
      "",
    ]);
  });

  it("breaks between wide characters, but not before closing punctuation", () => {
    expect(highlight({ id: "a", text: "東京東京。東京", spans: [] }, plain(8))).toBe("東京東\n京。東京\n");
  });

  it("lets only a label that no line can hold stand out", () => {
    const text = "a Rome b";
    const spans = spansOf(text, "ner", [["Rome", "LOCATION_OF_A_TOWN"]]);
    expect(highlight({ id: "a", text, spans }, plain(8))).toBe("a\n[Rome\n LOCATION_OF_A_TOWN]\nb\n");
  });

  it("prints the id in a heading as wide as the terminal", () => {
    expect(highlight({ id: "mail\u001b[2J\n7", text: "", spans: [] }, plain(20), { heading: true })).toBe(
      "mail␛[2J 7 ─────────\n",
    );
    expect(highlight({ id: "x".repeat(30), text: "", spans: [] }, plain(20), { heading: true })).toBe(
      `${"x".repeat(19)}…\n`,
    );
  });

  it("gives nothing for a text with nothing to see", () => {
    expect(highlight({ id: "a", text: "", spans: [] }, plain(20))).toBe("");
    expect(highlight({ id: "a", text: "\n \t\n\u200b", spans: [] }, plain(20))).toBe("");
  });

  it("shows overlapping spans of one lens in lanes of their own", () => {
    const text = "Bank of New York today";
    const spans = [
      ...spansOf(text, "ner", [["New York", "LOC"]]),
      ...spansOf(text, "ner", [["Bank of New York", "ORG"]]),
    ];
    expect(highlight({ id: "a", text, spans }, plain(40))).toBe(
      "[Bank of New York ORG] today\n         └LOC────\n",
    );
  });
});

describe("lanes", () => {
  const text = "Tim isn't in New York.";
  const document: HighlightDocument = {
    id: "a",
    text,
    spans: [
      ...spansOf(text, "chunk", [
        ["Tim", "NP"],
        ["isn't", "VP"],
        ["in", "PP"],
        ["New York", "NP", 0.3],
      ]),
      ...spansOf(text, "ner", [["New York", "LOC"]]),
    ],
    words: [
      wordsOf(text, "pos", [
        ["Tim", "PROPN"],
        ["is", "AUX"],
        ["n't", "PART"],
        ["in", "ADP"],
        ["New", "PROPN"],
        ["York", "PROPN"],
        [".", "PUNCT"],
      ]),
    ],
  };
  const lenses = ["ner", "chunk", "pos"];

  it("stand beneath each line, with room for every label", () => {
    expect(highlight(document, plain(50), { lenses }).split("\n")).toEqual([
      "Tim   is  n't  in  [New  York LOC].",
      "└NP   └VP────  └PP └NP?──────",
      "PROPN AUX PART ADP PROPN PROPN    PUNCT",
      "",
    ]);
  });

  it("are wrapped with the text, a span that goes on without its corner", () => {
    expect(highlight(document, plain(24, false), { lenses }).split("\n")).toEqual([
      "Tim   is  n't  in  [New",
      "|NP   |VP----  |PP |NP?",
      "PROPN AUX PART ADP PROPN",
      "",
      "York LOC].",
      "-NP?",
      "PROPN    PUNCT",
      "",
    ]);
  });

  it("name their lenses where there is room", () => {
    expect(highlight(document, plain(60), { lenses }).split("\n")).toEqual([
      "  ner  Tim   is  n't  in  [New  York LOC].",
      "chunk  └NP   └VP────  └PP └NP?──────",
      "  pos  PROPN AUX PART ADP PROPN PROPN    PUNCT",
      "",
    ]);
  });

  it("put the label of a word where the word begins", () => {
    const item = fc.record({ gap: fc.constantFrom("", " ", "  "), size: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.array(item, { maxLength: 40 }), fc.integer({ min: 20, max: 59 }), (items, width) => {
        // Word i is made of one character of its own, and so is its label.
        const letter = (i: number) => String.fromCharCode(0x100 + i);
        const starts: number[] = [];
        let made = "";
        for (const [i, { gap, size }] of items.entries()) {
          starts.push(made.length + gap.length);
          made += gap + letter(i).repeat(size);
        }
        const labels = items.map((_, i) => String.fromCharCode(0x400 + i).repeat((i % 7) + 1));
        const ends = starts.map((start, i) => start + items[i]!.size);
        const out = highlight(
          { id: "", text: made, spans: [], words: [{ lens: "pos", starts, ends, labels }] },
          plain(width),
        );
        const found = new Set<number>();
        for (const group of out.split(/\n\n|\n$/).filter((g) => g !== "")) {
          const [row, lane] = group.split("\n");
          for (const [i, label] of labels.entries()) {
            if (lane?.includes(label) !== true) continue;
            found.add(i);
            expect(lane.indexOf(label)).toBe(row!.indexOf(letter(i)));
          }
        }
        expect(found.size).toBe(items.length);
      }),
    );
  });
});

describe("right-to-left text", () => {
  it("stays in logical order, text and labels isolated, the line in its own direction", () => {
    const text = "שרה כהן עובדת";
    const spans = spansOf(text, "ner", [["שרה כהן", "PER", 0.1]]);
    expect(highlight({ id: "a", text, spans }, plain(40))).toBe(
      "\u2067[\u2068שרה כהן\u2069 \u2066PER?\u2069] \u2068עובדת\u2069\u2069\n",
    );
  });

  it("inside a left-to-right line leaves the line as it is", () => {
    const text = "say שלום now";
    const spans = spansOf(text, "ner", [["שלום", "X"]]);
    expect(highlight({ id: "a", text, spans }, plain(40))).toBe(
      "\u2068say\u2069 [\u2068שלום\u2069 \u2066X\u2069] \u2068now\u2069\n",
    );
  });

  it("pads lanes to the width of the text, so that both are mirrored alike", () => {
    const text = "אבג דהו";
    const words = [wordsOf(text, "pos", [["אבג", "N"]])];
    expect(highlight({ id: "a", text, spans: [], words }, plain(40))).toBe(
      "\u2067\u2068אבג דהו\u2069\u2069\n\u2067\u2066N\u2069      \u2069\n",
    );
  });
});

describe("colour", () => {
  const text = "Alan Turing of Bletchley Park";
  const spans = spansOf(text, "ner", [
    ["Alan Turing", "PER"],
    ["Bletchley Park", "LOC", 0.2],
  ]);

  it("styles text and label, and less so where the score is low", () => {
    expect(highlight({ id: "a", text, spans }, { color: "16", width: 80, unicode: true })).toBe(
      "\u001b[30;103mAlan Turing\u001b[0m\u001b[1;93;40m \u001b[0m\u001b[1;93;40mPER\u001b[0m\u001b[1;93;40m \u001b[0m of " +
        "\u001b[4mBletchley Park\u001b[0m\u001b[2m \u001b[0m\u001b[2mLOC?\u001b[0m\n",
    );
  });

  it("opens again on the next line what the wrap has closed", () => {
    const lines = highlight({ id: "a", text, spans }, { color: "16", width: 11, unicode: true }).split("\n");
    expect(lines[0]).toBe("\u001b[30;103mAlan\u001b[0m");
    expect(lines[1]).toMatch(/^\u001b\[30;103mTuring\u001b\[0m/);
  });
});

/** Labels and lens names stand in ⟪ ⟫, which no text holds, so that they can be taken out of the output again. */
const label = fc.constantFrom("⟪PER⟫", "⟪A⟫", "⟪LONGLABEL⟫", "⟪ص⟫", "⟪東⟫", "⟪\u001b[5m\u202e⟫");
const nasty = fc.oneof(
  fc.constantFrom(
    "\u001b[31m",
    "\u001b]0;x\u0007",
    "\u009b2J",
    "\u0000",
    "\u007f",
    "\r",
    "\r\n",
    "\n",
    "\n\n\n",
    "\f",
    "\u2028",
    "\t",
    " ",
    "  ",
    "\u3000",
    "\u00a0",
    "\u202e",
    "\u202c",
    "\u2066",
    "\u2069",
    "\u200f",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\u0301",
    "\u200d",
    "\ud83d",
    "\ude00",
    "👩‍👩‍👧",
    "🇨🇭",
    "🇨",
    "é",
    "e\u0301",
    "日本",
    "。",
    "한국",
    "\u1112\u1161",
    "ﾊﾞ",
    "नमस्ते",
    "محمد",
    "שרה",
    "\u0600",
    "\ufff9",
    "word",
    "Acme",
    "a".repeat(30),
    ".",
    ",",
    "☎️",
    "☎",
  ),
  fc.string({ unit: "binary", maxLength: 4 }),
  fc.string({ unit: "grapheme", maxLength: 8 }),
);
const text = fc
  .array(nasty, { maxLength: 40 })
  .map((parts) => parts.join("").replace(/[[\]⟪⟫?\u25cc]/gu, "x"));
const anySpan = fc.record({
  lens: fc.constantFrom("⟪n⟫", "⟪c⟫"),
  start: fc.integer({ min: -3, max: 120 }),
  size: fc.integer({ min: -1, max: 25 }),
  label,
  score: fc.constantFrom(0, 0.3, 0.7, 1, Number.NaN),
});
const anyDocument = fc
  .record({
    id: fc.string({ unit: "binary" }),
    text,
    spans: fc.array(anySpan, { maxLength: 12 }),
    words: fc.boolean(),
  })
  .map(({ id, text, spans, words }) => {
    const starts = [...text].map((_, i) => 3 * i).filter((i) => i < text.length);
    const column = { lens: "⟪p⟫", starts, ends: starts.map((s) => s + 2), labels: starts.map(() => "⟪N⟫") };
    return {
      id,
      text,
      spans: spans.map(({ size, ...span }) => ({ ...span, end: span.start + size })),
      words: words ? [column] : [],
    };
  });
const anyTraits = fc.record({
  color: fc.constantFrom("none" as const, "16" as const, "256" as const, "truecolor" as const),
  width: fc.integer({ min: 20, max: 90 }),
  unicode: fc.boolean(),
});

describe("any document on any terminal", () => {
  it("writes no escapes but its own, each closed on its line, and leaves no isolate open", () => {
    fc.assert(
      fc.property(anyDocument, anyTraits, fc.boolean(), (document, traits, heading) => {
        for (const line of highlight(document, traits, { heading }).split("\n")) {
          const sequences = [...line.matchAll(SGR)].map((match) => match[0]);
          expect(sequences.map((sgr) => sgr === "\u001b[0m")).toEqual(sequences.map((_, i) => i % 2 === 1));
          expect(sequences.length % 2).toBe(0);
          if (traits.color === "none") expect(sequences).toEqual([]);
          const rest = line.replace(SGR, "");
          expect(rest).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u206a-\u206f\u2028\u2029]/u);
          let depth = 0;
          for (const mark of rest.match(/[\u2066-\u2069]/g) ?? []) {
            depth += mark === "\u2069" ? -1 : 1;
            expect(depth).toBeGreaterThanOrEqual(0);
          }
          expect(depth).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("is never wider than the terminal", () => {
    fc.assert(
      fc.property(anyDocument, anyTraits, fc.boolean(), (document, traits, heading) => {
        for (const line of highlight(document, traits, { heading }).split("\n")) {
          expect(stringWidth(line)).toBeLessThanOrEqual(traits.width);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("holds the text of the document in order, once", () => {
    fc.assert(
      fc.property(anyDocument, anyTraits, (document, traits) => {
        const out = highlight(document, { ...traits, unicode: true }, { lenses: ["⟪n⟫", "⟪c⟫"] }).replace(
          SGR,
          "",
        );
        // A lane is a line of nothing but labels and rules.
        const shown = out
          .split("\n")
          .map((line) => line.replace(/⟪[^⟫]*⟫\??/gu, ""))
          .filter((line) => !/^[\s└─\u2066-\u2069]*$/u.test(line))
          .join("");
        expect(essence(shown.replace(/[[\]]/g, ""))).toBe(
          essence(document.text.replace(/[\x00-\x08\x0b\x0e-\x1f]/g, picture)),
        );
      }),
      { numRuns: 500 },
    );
  });

  it("prints each label of the first lens once, in order", () => {
    const word = fc.tuple(
      fc.constantFrom("Rome", "אבג", "東京", "a"),
      fc.constantFrom(" ", "\n", "", "  "),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), anyTraits, (items, traits) => {
        let made = "";
        const spans: HighlightSpan[] = [];
        for (const [surface, gap, marked] of items) {
          const start = made.length;
          made += surface;
          if (marked)
            spans.push({ lens: "ner", start, end: made.length, label: `⟪${spans.length}⟫`, score: 1 });
          made += gap;
        }
        const out = highlight({ id: "", text: made, spans }, traits);
        expect([...out.matchAll(/⟪\d+⟫/g)].map((m) => m[0])).toEqual(spans.map((span) => span.label));
      }),
    );
  });
});

/** What is left of a text when all that may be dropped, replaced or added is taken away. */
function essence(text: string): string {
  return text.replace(/[\s\p{Zs}\p{Cf}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u25cc\ufffd\u2421]/gu, "");
}

function picture(control: string): string {
  return String.fromCharCode(0x2400 + control.charCodeAt(0));
}
