import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTagger, type SpanTagger } from "../src/index.js";
import { SHARED_ABSENT, shared } from "./support/shared.js";

const model = shared("models/hf-minilm-conll03");

describe.skipIf(SHARED_ABSENT)("the library (needs ../shared)", () => {
  let tagger: SpanTagger;
  beforeAll(async () => {
    tagger = await openTagger({ models: [model], threads: 2 });
  });
  afterAll(() => tagger.close());

  const texts = [
    "Angela Merkel met the board of Siemens in Munich.",
    "",
    "> Reuters wrote from LONDON\r\n> on Tuesday.\r\n\r\n😀 Émile Zola lives in Paris 👩‍👩‍👧.",
    "no names here",
    "Please ask María José in São Paulo. ".repeat(60),
  ];

  it("gives offsets that slice the caller's own string", async () => {
    for (const text of texts) {
      const { lenses, offset_unit, coverage } = await tagger.annotate(text);
      expect(offset_unit).toBe("utf16");
      expect(coverage.truncated).toBe(false);
      for (const span of lenses.ner!.spans) expect(text.slice(span.start, span.end)).toBe(span.text);
    }
    const { lenses } = await tagger.annotate(texts[2]!);
    expect(lenses.ner!.spans.map(({ label, text }) => `${label} ${text}`)).toEqual(
      expect.arrayContaining(["LOC LONDON", "PER Émile Zola", "LOC Paris"]),
    );
  });

  it("gives the same record alone and among others, in their order", async () => {
    const together: unknown[] = [];
    for await (const record of tagger.annotateAll(texts)) together.push(record);
    const alone = await Promise.all(texts.map((text) => tagger.annotate(text)));
    expect(JSON.stringify(together)).toBe(JSON.stringify(alone));
  });

  it("takes documents with an id and a revision, from an async source", async () => {
    async function* source() {
      yield { id: "a", revision: "7", text: texts[0]! };
    }
    for await (const record of tagger.annotateAll(source())) {
      expect(record).toMatchObject({ document_id: "a", revision: "7" });
    }
  });

  it("gives the same spans whatever quotes, wraps or indents the text", async () => {
    const plain = texts[4]!.trim();
    const spansOf = async (text: string) =>
      (await tagger.annotate(text)).lenses.ner!.spans.map(({ label, score, text: surface }) => ({
        label,
        score,
        surface: surface!.replace(/[\s>]+/g, " "),
      }));
    const expected = await spansOf(plain);
    expect(expected.length).toBeGreaterThan(50);
    const lines = plain.match(/.{1,70}(?:\s|$)/g)!.map((line) => line.trimEnd());
    for (const other of [
      lines.join("\n"),
      lines.join("\r\n"),
      lines.map((line) => `> ${line}`).join("\n"),
      lines.map((line) => `>> ${line}`).join("\r\n"),
      lines.map((line, i) => `${" ".repeat(i % 5)}${line}`).join("\n"),
    ]) {
      expect(await spansOf(other)).toEqual(expected);
    }
  });

  it("leaves text out of records where the policy says so", async () => {
    const secret = await openTagger({ models: [model], threads: 1, text: "hmac", hmacKey: "key" });
    try {
      const record = await secret.annotate(texts[0]!);
      expect(JSON.stringify(record)).not.toContain("Merkel");
      expect(record.document_id).toBe(record.text_digest);
      expect(record.lenses.ner!.spans[0]!.text_digest).toMatch(/^hmac-sha256:/);
    } finally {
      await secret.close();
    }
  });

  it("gives words as columns where asked for", async () => {
    const columns = await openTagger({ models: [model], threads: 1, words: true });
    try {
      const { words } = await columns.annotate("Paris, please.");
      expect(words).toMatchObject({ start: [0, 5, 7, 13], end: [5, 6, 13, 14] });
      expect(words!.labels.ner).toEqual(["B-LOC", "O", "O", "O"]);
    } finally {
      await columns.close();
    }
  });

  it("serves several models, each lens from its own", async () => {
    const two = await openTagger({ models: [model, shared("models/tiny-xlmr-pos")], threads: 1 });
    try {
      const record = await two.annotate(texts[0]!);
      expect(Object.keys(record.lenses)).toEqual(["ner", "pos"]);
      expect(record.models.map(({ name }) => name)).toEqual(["hf-minilm-conll03", "tiny-xlmr-pos"]);
      expect(record.words!.labels.pos).toHaveLength(record.words!.start.length);
      expect(record.lenses.ner).toEqual((await tagger.annotate(texts[0]!)).lenses.ner);
    } finally {
      await two.close();
    }
  });

  it("refuses two models with one lens, a lens that is not there, and a folder that is not there", async () => {
    await expect(openTagger({ models: [model, model] })).rejects.toMatchObject({ code: "USAGE" });
    await expect(openTagger({ models: [model], lenses: ["pos"] })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("ner"),
    });
    await expect(openTagger({ models: ["/nowhere"] })).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  });
});
