import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ModelRequest, readModelFolder } from "../../../src/adapters/model-folder/folder.js";
import { WORD_SHAPES } from "../../../src/tagging/shapes.js";
import { temporaryFolder } from "../../support/temporary.js";

const CONFIG = {
  architectures: ["BertForTokenClassification"],
  model_type: "bert",
  max_position_embeddings: 512,
  pad_token_id: 0,
  id2label: { 0: "O", 1: "B-PER", 2: "I-PER" },
};

const COMPLETE: Record<string, unknown> = {
  "config.json": CONFIG,
  "tokenizer.json": { pre_tokenizer: { type: "BertPreTokenizer" }, model: { type: "WordPiece" } },
  "onnx/model.onnx": "not loaded here",
};

function folder(files: Record<string, unknown>): string {
  const directory = temporaryFolder();
  for (const [file, content] of Object.entries(files)) {
    if (content === undefined) continue;
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), typeof content === "string" ? content : JSON.stringify(content));
  }
  return directory;
}

const read = (files: Record<string, unknown>, request: Partial<ModelRequest> = {}) =>
  readModelFolder({ directory: folder(files), dtype: "auto", ...request });

const withConfig = (config: Record<string, unknown>) => ({
  ...COMPLETE,
  "config.json": { ...CONFIG, ...config },
});

describe("a Hugging Face folder", () => {
  it("works as it is", async () => {
    const { manifest, usablePositions } = await read(COMPLETE);
    expect(manifest).toMatchObject({
      onnxFile: "onnx/model.onnx",
      window: 128,
      blankBeforeWord: "always",
      tokenTypes: "zeros",
      lenses: [{ name: "ner", labels: ["O", "B-PER", "I-PER"], scheme: "BIO", temperature: 1 }],
    });
    expect(usablePositions).toBe(512);
  });

  it.each([
    [{ 0: "NOUN", 1: "VERB" }, "pos", "none"],
    [{ 0: "O", 1: "B-NP", 2: "I-NP", 3: "B-VP", 4: "I-VP" }, "chunk", "BIO"],
    [{ 0: "O", 1: "B-ORDER", 2: "I-ORDER", 3: "E-ORDER", 4: "S-ORDER" }, "ner", "BIOES"],
  ])("with the labels %j has the lens %s of scheme %s", async (id2label, name, scheme) => {
    const { manifest } = await read(withConfig({ id2label }));
    expect(manifest.lenses).toMatchObject([{ name, scheme }]);
  });

  it("of the RoBERTa family loses the positions of padding", async () => {
    const roberta = { model_type: "roberta", max_position_embeddings: 130, pad_token_id: 1 };
    expect((await read(withConfig(roberta))).usablePositions).toBe(128);
    expect((await read(withConfig({ ...roberta, max_position_embeddings: 66 }))).manifest.window).toBe(64);
  });

  it("reads no more than its tokenizer says, and ignores the limit that means none", async () => {
    const limited = (model_max_length: number) =>
      read({ ...COMPLETE, "tokenizer_config.json": { model_max_length } });
    expect((await limited(100)).manifest.window).toBe(100);
    expect((await limited(1e30)).usablePositions).toBe(512);
  });

  it("is read as raw text where its byte-level tokenizer adds no blanks", async () => {
    const tokenizer = { pre_tokenizer: { type: "ByteLevel", add_prefix_space: false } };
    expect((await read({ ...COMPLETE, "tokenizer.json": tokenizer })).manifest.blankBeforeWord).toBe(
      "as_written",
    );
  });

  it("gives its single lens the name that is asked for, and the scheme that is declared", async () => {
    const { manifest } = await read(COMPLETE, { lenses: ["people"], schemes: { people: "IOB1" } });
    expect(manifest.lenses).toMatchObject([{ name: "people", scheme: "IOB1" }]);
  });

  it("has one identity, which changes with any file that decides an answer", async () => {
    const digest = async (files: Record<string, unknown>) => (await read(files)).digest;
    const base = await digest(COMPLETE);
    expect(await digest({ ...COMPLETE, "README.md": "words" })).toBe(base);
    for (const change of [
      withConfig({ id2label: { 0: "O", 1: "B-ORG", 2: "I-ORG" } }),
      { ...COMPLETE, "onnx/model.onnx": "other" },
      { ...COMPLETE, "onnx/model.onnx_data": "weights" },
      { ...COMPLETE, "tokenizer_config.json": {} },
    ]) {
      expect(await digest(change)).not.toBe(base);
    }
  });

  it("warns of labels without names", async () => {
    const { warnings } = await read(withConfig({ id2label: { 0: "LABEL_0", 1: "LABEL_1" } }));
    expect(warnings.join()).toContain("id2label");
  });
});

describe("the ONNX file", () => {
  const several = { ...COMPLETE, "onnx/model_quantized.onnx": "q", "onnx/model_int8.onnx": "i" };

  it("is the most precise one unless --dtype says otherwise", async () => {
    expect((await read(several)).manifest.onnxFile).toBe("onnx/model.onnx");
    expect((await read(several, { dtype: "q8" })).manifest.onnxFile).toBe("onnx/model_quantized.onnx");
    expect((await read(several, { dtype: "int8" })).manifest.onnxFile).toBe("onnx/model_int8.onnx");
  });

  it("may lie at the top of the folder", async () => {
    const top = { ...COMPLETE, "onnx/model.onnx": undefined, "model.onnx": "top" };
    expect((await read(top)).manifest.onnxFile).toBe("model.onnx");
  });

  it("that is not there is named, with those that are", async () => {
    await expect(read(several, { dtype: "fp16" })).rejects.toMatchObject({
      code: "MODEL_INCOMPLETE",
      message: expect.stringMatching(/fp16.*fp32 \(onnx\/model\.onnx\), q8/),
    });
  });
});

describe("spanmill.json", () => {
  const two = {
    format: 1,
    name: "english",
    window: 64,
    blank_before_word: "as_written",
    lenses: {
      ner: { output: "ner", labels: ["O", "PER"], temperature: 1.5 },
      pos: { output: "pos", labels: ["NOUN", "VERB"] },
    },
  };

  it("declares lenses, window and how words are read", async () => {
    const { name, manifest } = await read({ ...COMPLETE, "spanmill.json": two });
    expect(name).toBe("english");
    expect(manifest).toMatchObject({ window: 64, blankBeforeWord: "as_written" });
    expect(manifest.lenses.map((lens) => [lens.name, lens.scheme, lens.temperature])).toEqual([
      ["ner", "IO", 1.5],
      ["pos", "none", 1],
    ]);
  });

  it("lets one lens be picked, and names the lenses where the one asked for is none of them", async () => {
    const files = { ...COMPLETE, "spanmill.json": two };
    expect((await read(files, { lenses: ["pos"] })).manifest.lenses.map(({ name }) => name)).toEqual(["pos"]);
    await expect(read(files, { lenses: ["chunk"] })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("ner, pos"),
    });
  });

  it("with an unknown key or a wrong value is refused, all problems at once", async () => {
    const wrong = { ...two, windows: 12, window: "big" };
    await expect(read({ ...COMPLETE, "spanmill.json": wrong })).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.stringMatching(/window is missing or not of type .*windows \(did you mean window\?\)/s),
    });
  });

  it("cannot ask for more pieces than the encoder reads", async () => {
    await expect(read({ ...COMPLETE, "spanmill.json": { ...two, window: 4096 } })).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.stringMatching(/4096.*512/),
    });
  });

  it("may feed word shapes to an encoder with a row for each", async () => {
    const typed = (token_types: string, type_vocab_size?: unknown) =>
      read({ ...withConfig({ type_vocab_size }), "spanmill.json": { format: 1, token_types } });
    const needed = WORD_SHAPES.length;
    for (const rows of [needed, needed + 20]) {
      expect((await typed("word_shapes", rows)).manifest.tokenTypes).toBe("word_shapes");
    }
    for (const rows of [2, needed - 1, undefined, `${needed}`]) {
      await expect(typed("word_shapes", rows)).rejects.toMatchObject({
        code: "MODEL_BROKEN",
        message: expect.stringMatching(
          new RegExp(`type_vocab_size ${needed} or more.*says ${typeof rows === "number" ? rows : "none"}:`),
        ),
      });
    }
    expect((await typed("zeros", 2)).manifest.tokenTypes).toBe("zeros");
    await expect(typed("shapes", needed)).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.stringContaining("token_types is not one of zeros, word_shapes"),
    });
  });

  it("has a part in the identity: a model that is fed word shapes is another one", async () => {
    const files = withConfig({ type_vocab_size: WORD_SHAPES.length });
    const digest = async (manifest: object) => (await read({ ...files, "spanmill.json": manifest })).digest;
    expect(await digest({ format: 1, token_types: "word_shapes" })).not.toBe(await digest({ format: 1 }));
  });

  it("guards its files by their checksums", async () => {
    const sum = (text: string) => createHash("sha256").update(text).digest("hex");
    const listed = (files: Record<string, string>) => ({ ...COMPLETE, "spanmill.json": { ...two, files } });
    await read(listed({ "onnx/model.onnx": sum("not loaded here") }));
    await expect(read(listed({ "onnx/model.onnx": sum("x"), LICENSE: sum("y") }))).rejects.toMatchObject({
      code: "MODEL_CHECKSUM",
      message: expect.stringMatching(/model\.onnx differs, LICENSE is missing/),
    });
  });
});

describe("a folder that cannot work", () => {
  it("says all that is missing at once, and how to get it", async () => {
    await expect(read({ "vocab.txt": "a" })).rejects.toMatchObject({
      code: "MODEL_INCOMPLETE",
      message: expect.stringMatching(
        /config\.json.*tokenizer\.json.*use_fast.*onnx\/model\.onnx.*optimum-cli/s,
      ),
    });
  });

  it("or is not there, or is a file, is named", async () => {
    const directory = folder(COMPLETE);
    for (const path of [join(directory, "nowhere"), join(directory, "config.json")]) {
      await expect(readModelFolder({ directory: path, dtype: "auto" })).rejects.toMatchObject({
        code: "MODEL_NOT_FOUND",
        message: expect.stringContaining(path),
      });
    }
  });

  it.each([
    ["no labels", { id2label: undefined }, "MODEL_INCOMPLETE", "id2label"],
    ["labels with gaps", { id2label: { 0: "O", 2: "B-X" } }, "MODEL_INCOMPLETE", "gaps"],
    ["another task", { architectures: ["BertForMaskedLM"] }, "MODEL_UNSUPPORTED", "BertForMaskedLM"],
    ["labels of no scheme", { id2label: { 0: "O", 1: "B-PER", 2: "NOUN" } }, "MODEL_LABELS", "NOUN"],
  ])("with %s says so", async (_, config, code, words) => {
    await expect(read(withConfig(config))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  it("with a file that is no JSON names the file and not its content", async () => {
    await expect(read({ ...COMPLETE, "config.json": '{"secret' })).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.not.stringContaining("secret"),
    });
  });

  it("with a tokenizer that JavaScript reads otherwise is refused", async () => {
    const tokenizer = { pre_tokenizer: { type: "Whitespace" } };
    await expect(read({ ...COMPLETE, "tokenizer.json": tokenizer })).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
    });
  });
});
