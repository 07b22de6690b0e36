import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readSpanLines } from "../../src/dataset/span-lines.js";
import { OFFSET_UNITS, offsetsIn } from "../../src/offsets.js";
import { all, linesOf } from "./lines-of.js";

describe("readSpanLines", () => {
  test("our layout and doccano's, with ids or without", async () => {
    const lines = [
      {
        id: "a",
        text: "😀 Ann met Bob",
        spans: [
          { start: 10, end: 13, label: "PER" },
          { start: 2, end: 5, label: "PER" },
        ],
      },
      { id: 7, text: "Rome", label: [[0, 4, "LOC"]] },
      { text: "none", labels: [] },
    ];
    const content = `\n${lines.map((line) => JSON.stringify(line)).join("\r\n\n")}`;
    expect(await all(readSpanLines(linesOf(content)))).toEqual([
      {
        id: "a",
        line: 2,
        text: "😀 Ann met Bob",
        spans: [
          { start: 3, end: 6, label: "PER" },
          { start: 11, end: 14, label: "PER" },
        ],
      },
      { id: "7", line: 4, text: "Rome", spans: [{ start: 0, end: 4, label: "LOC" }] },
      { id: undefined, line: 6, text: "none", spans: [] },
    ]);
  });

  test("offsets in any unit come back as UTF-16", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("a", "é", "€", "😀", "\n"), { minLength: 1, maxLength: 20 }),
        fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 5 }),
        fc.constantFrom(...OFFSET_UNITS),
        async (signs, pairs, unit) => {
          const text = signs.join("");
          const border = (i: number) => signs.slice(0, i).join("").length;
          const expected = pairs
            .map(([a, b]) => ({ start: border(Math.min(a, b)), end: border(Math.max(a, b)), label: "X" }))
            .filter(({ start, end }) => start < end)
            .sort((a, b) => a.start - b.start || a.end - b.end);
          const count = offsetsIn(text, unit);
          const spans = expected.map(({ start, end, label }) => ({
            start: count(start),
            end: count(end),
            label,
          }));
          const content = JSON.stringify({ text, spans: spans.reverse() });
          expect((await all(readSpanLines(linesOf(content), { unit })))[0]?.spans).toEqual(expected);
        },
      ),
    );
  });

  test.each([
    ["not JSON", "canary", "the line is not JSON"],
    ["a list", "[]", "no JSON object"],
    ["no text", '{"spans":[]}', '"text" is missing'],
    ["no spans", '{"text":"canary"}', "no list of spans"],
    ["a wrong id", '{"id":{},"text":"canary","spans":[]}', '"id"'],
    ["a span without label", '{"text":"canary","spans":[{"start":0,"end":1}]}', "span 0 (from 0) lacks"],
    ["a span that is null", '{"text":"canary","label":[[0,1,"A"],null]}', "span 1 (from 0) lacks"],
    ["a fraction", '{"text":"canary","label":[[0,1.5,"A"]]}', "span 0 (from 0) lacks"],
    ["an empty span", '{"text":"canary","label":[[1,1,"A"]]}', "span 0 (from 0), 1 to 1, is empty"],
    ["a span out of the text", '{"text":"canary","label":[[1,7,"A"]]}', "1 to 7"],
    ["a span before the text", '{"text":"canary","label":[[-1,3,"A"]]}', "-1 to 3"],
  ])("%s is refused with file and line, without the text", async (_, line, message) => {
    const error = await all(readSpanLines(linesOf(`\n${line}\n`))).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: "INPUT_MALFORMED", message: expect.stringContaining(message) });
    expect((error as Error).message).toMatch(/^test:2: /);
    expect((error as Error).message).not.toContain("canary");
  });

  test("a UTF-8 offset inside a character is refused", async () => {
    const content = '{"text":"é","label":[[0,1,"A"]]}';
    await expect(all(readSpanLines(linesOf(content), { unit: "utf8" }))).rejects.toMatchObject({
      message: expect.stringContaining("counted as utf8"),
    });
  });
});
