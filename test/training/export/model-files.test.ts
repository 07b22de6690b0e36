import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readModelFolder } from "../../../src/adapters/model-folder/folder.js";
import { writeFolder } from "../../../src/adapters/model-folder/write-folder.js";
import { switchOffTelemetry } from "../../../src/adapters/threads/telemetry.js";
import { readEncoderConfig } from "../../../src/training/encoder-config.js";
import { type ModelCard, withCard } from "../../../src/training/export/card.js";
import { modelFiles } from "../../../src/training/export/model-files.js";
import { SHARED_ABSENT } from "../../support/shared.js";
import { temporaryFolder } from "../../support/temporary.js";
import { LENSES, miniLm, tinyModel } from "./models.js";

switchOffTelemetry();
const { openEngine } = await import("../../../src/adapters/engine.js");

const json = (bytes: Uint8Array | undefined) => JSON.parse(new TextDecoder().decode(bytes));

describe("the files of a model", () => {
  it("say what it is, name the quicker form, and hold the sums of all that decides", () => {
    const files = modelFiles(tinyModel());
    expect([...files.keys()]).toEqual([
      "config.json",
      "tokenizer.json",
      "onnx/model.onnx",
      "onnx/model_int8.onnx",
      "spanmill.json",
    ]);
    const { files: sums, ...manifest } = json(files.get("spanmill.json"));
    expect(manifest).toEqual({
      format: 1,
      name: "test/model",
      onnx: "onnx/model_int8.onnx",
      lenses: Object.fromEntries(LENSES.map(({ name, ...lens }) => [name, { output: name, ...lens }])),
      window: 32,
      token_types: "word_shapes",
    });
    expect(Object.keys(sums)).toEqual([...files.keys()].slice(0, -1));
    expect(modelFiles(tinyModel())).toEqual(files);
  });

  it("keep the base's own keys, with the sizes of the model, and nothing of the machine", () => {
    const base = { hidden_act: "gelu", type_vocab_size: 2, _name_or_path: "/home/somebody", id2label: {} };
    const config = json(modelFiles({ ...tinyModel(), configJson: base }).get("config.json"));
    expect(config).toMatchObject({ hidden_act: "gelu", type_vocab_size: 12, architectures: ["BertModel"] });
    expect(Object.keys(config)).not.toContain("_name_or_path");
    expect(readEncoderConfig(config, "config.json")).toEqual(tinyModel().config);
  });

  it("of a single lens are those of an ordinary token classifier", () => {
    const files = modelFiles({ ...tinyModel(), lenses: [LENSES[0]], dtypes: ["fp32"], wordShapes: false });
    expect(json(files.get("config.json"))).toMatchObject({
      architectures: ["BertForTokenClassification"],
      id2label: { 0: "O", 1: "B-PER" },
      label2id: { "I-LOC": 4 },
    });
    expect(json(files.get("spanmill.json"))).toMatchObject({
      onnx: "onnx/model.onnx",
      lenses: { ner: { output: "logits" } },
    });
    expect(json(files.get("spanmill.json")).token_types).toBeUndefined();
  });

  it("switch off what a tokenizer would cut or add", () => {
    const tokenizer = { truncation: { max_length: 128 }, padding: { strategy: "x" }, model: { type: "y" } };
    const written = json(modelFiles({ ...tinyModel(), tokenizer }).get("tokenizer.json"));
    expect(written).toEqual({ truncation: null, padding: null, model: { type: "y" } });
  });

  it("are not made where the parts do not fit", () => {
    expect(() => modelFiles({ ...tinyModel(), window: 33 })).toThrow(/33 pieces/);
    expect(() => modelFiles({ ...tinyModel(), dtypes: [] })).toThrow(/no form/);
    const narrow = { ...tinyModel().config, tokenTypes: 2 };
    expect(() => modelFiles({ ...tinyModel(), config: narrow })).toThrow(/12 token types/);
  });
});

describe.skipIf(SHARED_ABSENT)("a folder with MiniLM (needs ../shared)", () => {
  const card: ModelCard = {
    name: "test",
    summary: "A test.",
    languages: ["en"],
    licence: { id: "other" },
    base: { name: "MiniLM", licence: "Apache-2.0" },
    lenses: LENSES,
    window: 32,
    wordShapes: false,
    scores: [],
    calibration: [],
    sets: [],
    limits: [],
    rebuild: "spanmill train",
  };

  it("is opened, tags, and is small", async () => {
    const files = modelFiles({ ...miniLm(), dtypes: ["int8"], wordShapes: false });
    const total = [...files.values()].reduce((sum, { length }) => sum + length, 0);
    expect(total).toBeLessThan(25e6);
    const directory = join(temporaryFolder(), "model");
    await writeFolder(directory, withCard(files, card));
    expect(readFileSync(join(directory, "README.md"), "utf8")).toContain("onnx/model_int8.onnx");

    const folder = await readModelFolder({ directory, dtype: "auto" });
    expect(folder.name).toBe("test/model");
    expect(folder.manifest.onnxFile).toBe("onnx/model_int8.onnx");
    const engine = await openEngine({ models: [folder.manifest], decode: "constrained", columns: true });
    const tagged = await engine.tag({ kind: "text", text: "Alice met Bob in Paris." });
    expect(tagged.words).toBe(6);
    for (const { name } of LENSES) expect(tagged.lenses[name]!.scores).toHaveLength(6);
  }, 120_000);
});
