import { describe, expect, test } from "vitest";
import { readConllu } from "../../src/dataset/conllu.js";
import { all, linesOf } from "./lines-of.js";

function line(id: string, form: string, misc = "_"): string {
  return `${id}\t${form}\t_\tX\tY\t_\t_\t_\t_\t${misc}`;
}

function read(...lines: string[]) {
  return all(readConllu(linesOf(`${lines.join("\n")}\n`)));
}

describe("readConllu", () => {
  test("documents, paragraphs, sentences, multi-word tokens, empty nodes, spacing", async () => {
    const documents = await read(
      "# newdoc id = d1",
      "# newpar",
      "# sent_id = s1",
      "# text = I don't (know)",
      line("1", "I"),
      line("2-3", "don't"),
      line("2", "do", "SpaceAfter=No"),
      line("3", "n't"),
      line("3.1", "ghost"),
      line("4", "(", "Gloss=x|SpaceAfter=No"),
      line("5", "know", "SpaceAfter=No"),
      line("6", ")", "NoSpaceAfter=No"),
      "",
      line("1-2", "im", "SpaceAfter=No"),
      line("1", "i"),
      line("2", "m"),
      "",
      "# newdoc",
      line("1", "a b"),
    );
    expect(documents.map(({ id, line, hasSpacing }) => ({ id, line, hasSpacing }))).toEqual([
      { id: "d1", line: 1, hasSpacing: true },
      { id: undefined, line: 18, hasSpacing: true },
    ]);
    const [first, second] = documents[0]!.sentences;
    expect(first).toMatchObject({
      id: "s1",
      line: 5,
      words: ["I", "do", "n't", "(", "know", ")"],
      spaceAfter: [true, false, true, false, false, true],
      newParagraph: true,
      text: "I don't (know)",
      tokens: [{ first: 1, last: 2, surface: "don't" }],
    });
    expect(first!.columns[documents[0]!.columnNames.indexOf("xpos")]).toEqual(Array(6).fill("Y"));
    expect(second).toMatchObject({
      id: undefined,
      spaceAfter: [false, false],
      newParagraph: false,
      text: undefined,
    });
    expect(documents[1]!.sentences[0]!.words).toEqual(["a b"]);
  });

  test("CR LF, no last blank line, an empty file", async () => {
    const documents = await all(readConllu(linesOf(`${line("1", "a")}\r\n\r\n${line("1", "b")}`)));
    expect(documents[0]!.sentences.map(({ words, columns }) => [words, columns[9]])).toEqual([
      [["a"], ["_"]],
      [["b"], ["_"]],
    ]);
    expect(await read("")).toEqual([]);
  });

  test.each([
    ["nine columns", ["1\ta\t_\t_\t_\t_\t_\t_\t_"], "test:1: 9 columns, split by TAB; CoNLL-U has ten"],
    ["a strange id", [line("one", "a")], "test:1: column 1 is no token id"],
    ["an empty word", [line("1", "")], "test:1: the word, column 2, is empty"],
    ["a gap in the ids", [line("1", "a"), line("3", "b")], "test:2: token id 3 where 2 was expected"],
    [
      "a missing blank line",
      [line("1", "a"), line("1", "b")],
      "test:2: token id 1 where 2 was expected; is a blank",
    ],
    ["a comment in a sentence", [line("1", "a"), "# text = b"], "test:2: a comment inside a sentence"],
    ["a range turned round", [line("1", "a"), line("2-1", "b")], "test:2: the range 2-1 is empty"],
    ["ranges that overlap", [line("1-3", "abc"), line("1", "a"), line("2-3", "bc")], "test:3: the range 2-3"],
    [
      "a range without its words",
      ["", line("1-2", "ab"), line("1", "a"), ""],
      "test:4: the sentence ends before word 2",
    ],
  ])("%s is refused with file and line", async (_, lines, message) => {
    await expect(read(...lines)).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringContaining(message),
    });
  });
});
