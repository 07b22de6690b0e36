import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { toView } from "../../src/document/blocks.js";
import { prepareText } from "../../src/document/prepare.js";

const document = (text: string) => ({ id: "doc", revision: "7", text });

describe("prepareText", () => {
  it("gives what the engine reads, without layout, and what leads back", () => {
    const text = "Dear Ada,\r\n\r\n> the file\r\n> is  here";
    const { blocks, inputs, segments, ...rest } = prepareText(document(text));
    expect(rest).toEqual(document(text));
    expect(segments.map(({ kind, depth }) => [kind, depth])).toEqual([
      ["body", 0],
      ["quote", 1],
    ]);
    expect(inputs).toEqual([
      { kind: "text", text: "Dear Ada," },
      { kind: "text", text: "the file\nis here" },
    ]);
    expect(blocks.map((block) => toView(block, 0, block.canonical.length))).toEqual([
      { start: 0, end: 9 },
      { start: 15, end: text.length },
    ]);
  });

  it.each(["", " \r\n\t", "> \n>>\n"])("asks nothing of the engine for a text without words: %j", (text) => {
    expect(prepareText(document(text))).toMatchObject({ text, blocks: [], inputs: [] });
  });

  it("joins short paragraphs up to the size that is asked for", () => {
    expect(prepareText(document("one\n\ntwo\n\nthree"), 0).inputs).toHaveLength(3);
    expect(prepareText(document("one\n\ntwo\n\nthree"), 5).inputs).toEqual([
      { kind: "text", text: "one\ntwo" },
      { kind: "text", text: "three" },
    ]);
  });

  it("asks once for each block, and keeps the text as it is", () => {
    const part = fc.constantFrom("a", "Bc", " ", "\n", "\r\n", "\n\n", "> ", ">", "\u00a0", "\ud83d", "😀");
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), (parts) => {
        const text = parts.join("");
        const { blocks, inputs, text: view } = prepareText(document(text), 3);
        expect(view).toBe(text);
        expect(inputs).toEqual(blocks.map(({ canonical }) => ({ kind: "text", text: canonical })));
      }),
    );
  });
});
