import { describe, expect, it } from "vitest";
import { readConll } from "../../src/dataset/conll.js";
import { readConllu } from "../../src/dataset/conllu.js";
import {
  type ColumnChoice,
  goldColumns,
  goldTags,
  type KnownLens,
  takeInventory,
} from "../../src/evaluation/gold.js";
import { all, linesOf } from "../dataset/lines-of.js";

const NER: KnownLens = { name: "ner", scheme: "BIO", labels: ["O", "B-PER", "I-PER"] };
const CHUNK: KnownLens = { name: "chunk", scheme: "BIO", labels: ["O", "B-NP", "I-NP", "B-VP"] };
const POS: KnownLens = { name: "pos", scheme: "none", labels: ["NOUN", "PROPN", "VERB"] };

const CONLL = "Ada NNP B-NP B-PER\nmet VBD B-VP O\nBob NNP B-NP B-PER\n\nShe PRP B-NP O\n";
const CONLLU = [
  "1\tAda\t_\tPROPN\tNNP\t_\t_\t_\t_\tner=B-PER|SpaceAfter=No",
  "2\tmet\t_\tVERB\tVBD\t_\t_\t_\t_\t_",
  "",
  "1\tBob\t_\tPROPN\tNNP\t_\t_\t_\t_\tGender=M|ner=B-PER",
  "",
  "",
].join("\n");

function choose(byName: Record<string, string | number> = {}, otherwise?: string | number): ColumnChoice {
  return { byName: new Map(Object.entries(byName)), otherwise };
}

async function columnsOf(
  documents: ReturnType<typeof readConll>,
  lenses: KnownLens[],
  choice: ColumnChoice = choose(),
) {
  return goldColumns(await takeInventory(documents), lenses, choice);
}

const conll = (content = CONLL) => readConll(linesOf(content));
const conllu = (content = CONLLU) => readConllu(linesOf(content));

describe("takeInventory", () => {
  it("counts the values of every column over all sentences", async () => {
    const { columnNames, values, misc } = await takeInventory(conll());
    expect(columnNames).toEqual(["1", "2", "3", "4"]);
    expect(values.map((set) => [...set])).toEqual([
      ["Ada", "met", "Bob", "She"],
      ["NNP", "VBD", "PRP"],
      ["B-NP", "B-VP"],
      ["B-PER", "O"],
    ]);
    expect(misc.size).toBe(0);
  });

  it("counts tags in MISC by key", async () => {
    const { misc } = await takeInventory(conllu());
    expect(misc.get("ner")).toEqual(new Set(["B-PER"]));
    expect([...misc.keys()]).toEqual(["ner", "SpaceAfter", "Gender"]);
  });

  it("bounds what it keeps of columns that are no tags", async () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => `w${i} O\n\n`).join("");
    const { values } = await takeInventory(conll(lines));
    expect(values[0]!.size).toBe(2_000);
  });
});

describe("goldColumns", () => {
  it("takes the last column of CoNLL for the lens that is most like it", async () => {
    const expected = [{ lens: "ner", place: 3, scheme: "BIO" }];
    expect(await columnsOf(conll(), [NER])).toEqual(expected);
    expect(await columnsOf(conll(), [CHUNK, POS, NER])).toEqual(expected);
    const chunks = conll("Ada NNP B-NP\nmet VBD B-VP\n");
    expect(await columnsOf(chunks, [NER, POS, CHUNK])).toEqual([{ lens: "chunk", place: 2, scheme: "BIO" }]);
  });

  it("takes named columns, and no other", async () => {
    expect(await columnsOf(conll(), [NER, CHUNK, POS], choose({ chunk: 3 }))).toEqual([
      { lens: "chunk", place: 2, scheme: "BIO" },
    ]);
    expect(await columnsOf(conll(), [POS, CHUNK], choose({ pos: 2, chunk: -2 }))).toEqual([
      { lens: "pos", place: 1, scheme: "none" },
      { lens: "chunk", place: 2, scheme: "BIO" },
    ]);
  });

  it("gives a column that is named for no lens to the one most like it of those that have none", async () => {
    expect(await columnsOf(conll(), [NER, CHUNK], choose({}, 3))).toEqual([
      { lens: "chunk", place: 2, scheme: "BIO" },
    ]);
    expect(await columnsOf(conll(), [NER, CHUNK, POS], choose({ pos: 2 }, -1))).toEqual([
      { lens: "pos", place: 1, scheme: "none" },
      { lens: "ner", place: 3, scheme: "BIO" },
    ]);
  });

  it("takes upos and MISC of CoNLL-U, for all lenses that are there", async () => {
    expect(await columnsOf(conllu(), [NER, CHUNK, POS])).toEqual([
      { lens: "ner", place: { misc: 9 }, scheme: "BIO" },
      { lens: "pos", place: 3, scheme: "none" },
    ]);
  });

  it("prefers the column that is named to the usual one of CoNLL-U", async () => {
    const xpos = [{ lens: "pos", place: 4, scheme: "none" }];
    expect(await columnsOf(conllu(), [POS], choose({}, "xpos"))).toEqual(xpos);
    expect(await columnsOf(conllu(), [POS], choose({ pos: "xpos" }))).toEqual(xpos);
    expect(await columnsOf(conllu(), [NER, POS], choose({ ner: "upos" }, "xpos"))).toEqual([
      { lens: "ner", place: 3, scheme: "none" },
      ...xpos,
    ]);
  });

  it.each<[string, string]>([
    ["B-A I-A O", "BIO"],
    ["S-A B-A E-A O", "BIOES"],
    ["U-A B-A L-A O", "BILOU"],
    ["A B O", "IO"],
    ["A B C", "none"],
    ["O O O", "BIO"],
  ])("reads %s as %s", async (tags, scheme) => {
    const lines = tags.split(" ").map((tag) => `w ${tag}\n`);
    expect(await columnsOf(conll(lines.join("")), [NER])).toEqual([{ lens: "ner", place: 1, scheme }]);
  });

  it("says which columns there are where a named one is not", async () => {
    for (const choice of [choose({ ner: 9 }), choose({}, 9), choose({}, "upos")]) {
      await expect(columnsOf(conll(), [NER], choice)).rejects.toMatchObject({
        code: "USAGE",
        message: expect.stringContaining("1 to 4"),
      });
    }
    await expect(columnsOf(conllu(), [POS], choose({ pos: 2 }, 99))).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each([
    ["CoNLL-U without the lens", () => conllu(), [CHUNK]],
    ["words alone", () => conll("canary\ncanary\n"), [NER]],
  ])("asks for the column of %s", async (_, documents, lenses) => {
    await expect(columnsOf(documents(), lenses)).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringMatching(/(chunk|ner).*--column LENS=N/),
    });
  });

  it("asks for the column where tags fit no scheme, and quotes none, since they may be words", async () => {
    const failure = columnsOf(conll("x canary\ny B-canary\n"), [NER]);
    await expect(failure).rejects.toMatchObject({
      code: "INPUT_MALFORMED",
      message: expect.stringContaining("--column ner=N"),
    });
    await expect(failure).rejects.not.toMatchObject({ message: expect.stringContaining("canary") });
  });
});

describe("goldTags", () => {
  it("reads a column", async () => {
    const [document] = await all(conll());
    const [ner] = await columnsOf(conll(), [NER]);
    expect(document!.sentences.map((sentence) => goldTags(sentence, ner!))).toEqual([
      ["B-PER", "O", "B-PER"],
      ["O"],
    ]);
  });

  it("reads MISC, O where it says nothing", async () => {
    const [document] = await all(conllu());
    const [ner] = await columnsOf(conllu(), [NER]);
    expect(document!.sentences.map((sentence) => goldTags(sentence, ner!))).toEqual([
      ["B-PER", "O"],
      ["B-PER"],
    ]);
  });
});
