import { describe, expect, test } from "vitest";
import { readConll } from "../../src/dataset/conll.js";
import { all, linesOf } from "./lines-of.js";

async function read(content: string) {
  return all(readConll(linesOf(content)));
}

/** Documents as `id: sentence / sentence`, a sentence as its words. */
async function shape(content: string): Promise<string[]> {
  const documents = await read(content);
  return documents.map(
    ({ id, sentences }) => `${id}: ${sentences.map(({ words }) => words.join(" ")).join(" / ")}`,
  );
}

describe("readConll", () => {
  test("columns by TAB: words, columns, lines, no spacing", async () => {
    const [document] = await read("\n# doc = 7\nEU\tNNP\tB-ORG\nsaid so\tVBZ\tO\n\n\n\nYes\tUH\tO");
    expect(document).toEqual({
      id: "7",
      line: 2,
      columnNames: ["1", "2", "3"],
      hasSpacing: false,
      sentences: [
        {
          id: undefined,
          line: 3,
          words: ["EU", "said so"],
          spaceAfter: [true, true],
          columns: [
            ["EU", "said so"],
            ["NNP", "VBZ"],
            ["B-ORG", "O"],
          ],
          newParagraph: false,
          text: undefined,
          tokens: [],
        },
        expect.objectContaining({ line: 8, words: ["Yes"], columns: [["Yes"], ["UH"], ["O"]] }),
      ],
    });
  });

  test.each([
    ["nothing", "", []],
    ["blank lines alone", "\n \n\t\n", []],
    [
      "blank-separated, aligned by several blanks",
      "EU   B-ORG\nrejects O\n \nall O\n",
      ["undefined: EU rejects / all"],
    ],
    ["CR LF", "EU\tO\r\n\r\nall\tO\r\n", ["undefined: EU / all"]],
    ["words alone", "EU\nrejects\n\n#\n", ["undefined: EU rejects / #"]],
    ["documents without sentences", "# doc = a\n# doc = b\nx\tO\n\n# doc = c\n", ["a: ", "b: x", "c: "]],
    ["text before the first document", "x\tO\n\n# doc = a\ny\tO\n", ["undefined: x", "a: y"]],
    ["a document that starts without a blank line", "x\tO\n# doc = a\ny\tO\n", ["undefined: x", "a: y"]],
    [
      "-DOCSTART- by blanks",
      "-DOCSTART- -X- -X- O\n\na B O\n\n-DOCSTART-\n\nb B O\n",
      ["undefined: a", "undefined: b"],
    ],
    ["-DOCSTART- by TAB", "-DOCSTART-\tO\n\na\tO\n\n-DOCSTART-\tO\nb\tO\n", ["undefined: a", "undefined: b"]],
    [
      "-DOCSTART- as a word",
      "# doc = a\n-DOCSTART-\tO\n\na\tO\n-DOCSTART-\tO\n",
      ["a: -DOCSTART- / a -DOCSTART-"],
    ],
    ["-DOCSTART- as a word inside a sentence", "a\tO\n-DOCSTART-\tO\n", ["undefined: a -DOCSTART-"]],
    [
      "# id, its second column by TAB",
      "# id q1\tdomain=en\na _ _ O\n\n\n# id q2\tdomain=en\nb _ _ O\n",
      ["q1: a", "q2: b"],
    ],
    ["# as a word by TAB", "#\tO\n1\tO\n\n#\tO\n", ["undefined: # 1 / #"]],
    ["# as a word by blanks", "# O\n1 O\n\n# O\n\n1 O\n# O\n#tag O\n", ["undefined: # 1 / # / 1 # #tag"]],
    ["# as the only word", "# doc = a\n\n#\tO\n", ["a: #"]],
    ["# as the only word, by blanks", "# O\n", ["undefined: #"]],
    ["# as the only word, after a comment", "# see the notes\n#\tO\n", ["undefined: #"]],
    ["comments", "# a note of mine\n# key = value\nx\tO\n\n#\n# note\ny\tO\n", ["undefined: x / y"]],
    [
      "comments by blanks",
      "# a longer note of mine\n# key = v\nx B O\n\n# one more note\ny B O\n",
      ["undefined: x / y"],
    ],
  ])("%s", async (_, content, expected) => {
    expect(await shape(content)).toEqual(expected);
  });

  test("marks of CoNLL-U hold for the sentence after them", async () => {
    const [document] = await read(
      "# newdoc id = d\n# newpar\n# sent_id = s1\n# text = It\t's = a\nIt\tO\n's\tO\n=\tO\na\tO\n\nno\tO\n",
    );
    expect(document?.id).toBe("d");
    expect(document?.sentences).toMatchObject([
      { id: "s1", newParagraph: true, text: "It\t's = a" },
      { id: undefined, newParagraph: false, text: undefined },
    ]);
  });

  test.each([
    ["a column too few", "a\tX\tO\nb\tO\n", "test:2: 2 columns where 3 were expected, split by TAB"],
    [
      "a column too many, by blanks",
      "a O\n\n\nb c O\n",
      "test:4: 3 columns where 2 were expected, split by blanks",
    ],
    ["a word without its label", "a\tO\n#\n", "test:2: 1 columns where 2 were expected, split by TAB"],
    ["an empty word", "a\tO\n\tO\n", "test:2: the word, column 1, is empty"],
  ])("%s is refused with file and line", async (_, content, message) => {
    await expect(read(content)).rejects.toMatchObject({ code: "INPUT_MALFORMED", message });
  });

  test("a line that is no UTF-8 or too long is refused with file and line", async () => {
    const bytes = Buffer.concat([Buffer.from("a\tO\n"), Buffer.from([0xff, 0x0a])]);
    await expect(all(readConll(linesOf(bytes)))).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringMatching(/^test:2: byte 0 of the line/),
    });
    await expect(all(readConll(linesOf(`${"a".repeat(50)}\tO\n`, 40)))).rejects.toMatchObject({
      message: expect.stringMatching(/^test:1: the line has 52 bytes/),
    });
  });

  test("a document is given before the file has ended, and a reader that stops early lets the file go", async () => {
    let pulled = 0;
    let released = false;
    async function* batches() {
      try {
        for (let i = 0; i < 100; i++) {
          pulled++;
          const text = i % 2 === 0 ? `# doc = ${i}` : "word\tO";
          yield [{ kind: "line", number: i + 1, byteOffset: 0, text } as const];
        }
      } finally {
        released = true;
      }
    }
    for await (const document of readConll({ name: "test", batches: batches() })) {
      expect(document.id).toBe("0");
      break;
    }
    expect(pulled).toBe(3);
    expect(released).toBe(true);
  });

  test("a file whose first line is refused is let go", async () => {
    let released = false;
    async function* batches() {
      try {
        const code = "DOCUMENT_TOO_LARGE" as const;
        yield [{ kind: "rejected", number: 1, byteOffset: 0, code, reason: "too long" } as const];
      } finally {
        released = true;
      }
    }
    const error = { code: "INPUT_MALFORMED", message: "test:1: too long" };
    await expect(all(readConll({ name: "test", batches: batches() }))).rejects.toMatchObject(error);
    expect(released).toBe(true);
  });
});
