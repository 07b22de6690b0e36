/** Loading models into an engine, as the threads do it. */
import { afterEach, describe, expect, it } from "vitest";
import { readModelFolder } from "../../src/adapters/model-folder/folder.js";
import { openPool, type Pool } from "../../src/adapters/threads/pool.js";
import type { BlockInput, LensManifest } from "../../src/tagging/protocol.js";
import { WORD_SHAPES } from "../../src/tagging/shapes.js";
import { config, lookupFolder } from "../support/lookup-model.js";
import { lookupModel } from "../support/onnx.js";
import { SHARED_ABSENT, shared } from "../support/shared.js";

const MODELS = ["tiny-distilbert-bioes", "tiny-roberta-bio", "tiny-xlmr-pos"] as const;

const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

/** @param change of every lens. */
async function open(names: readonly string[], change: Partial<LensManifest> = {}): Promise<Pool> {
  const models = await Promise.all(
    names.map(async (name) => {
      const { manifest } = await readModelFolder({ directory: shared(`models/${name}`), dtype: "auto" });
      return { ...manifest, lenses: manifest.lenses.map((lens) => ({ ...lens, ...change })) };
    }),
  );
  const pool = openPool({ models, decode: "constrained", columns: true }, { threads: 1 });
  pools.push(pool);
  return pool;
}

const words = "Ada Lovelace met José in Kyōto , 😀 .".split(" ");
const given: BlockInput = { kind: "words", words, sentences: [0], lines: [], glued: [] };

describe("a model folder whose token types are word shapes", () => {
  /** Its lens is the token type itself: what is fed comes out. */
  async function labels(manifest: object, onnx: Buffer): Promise<(string | undefined)[]> {
    const directory = lookupFolder({
      "config.json": { ...config(WORD_SHAPES), type_vocab_size: WORD_SHAPES.length },
      "spanmill.json": { format: 1, lenses: { shape: { scheme: "none" } }, ...manifest },
      "onnx/model.onnx": onnx,
    });
    const { manifest: model } = await readModelFolder({ directory, dtype: "auto" });
    const pool = openPool({ models: [model], decode: "constrained", columns: true }, { threads: 1 });
    pools.push(pool);
    const [tagged] = await pool.tag([{ kind: "text", text: "Alice 😀 met IBM 3.14 times in 1999" }]);
    return tagged!.lenses.shape!.labels.map((label) => WORD_SHAPES[label]);
  }

  const pieces = Array.from({ length: 20 }, () => WORD_SHAPES.map(() => 0));
  const types = WORD_SHAPES.map((_, i) => WORD_SHAPES.map((_, j) => (i === j ? 8 : 0)));

  it("has them in its graph, and another folder has zeros there", async () => {
    const graph = lookupModel(pieces, types);
    expect(await labels({ token_types: "word_shapes" }, graph)).toEqual([
      "title",
      "symbols",
      "lower",
      "upper",
      "number",
      "lower",
      "lower",
      "digits",
    ]);
    expect(await labels({}, graph)).toEqual(Array.from({ length: 8 }, () => "none"));
  });

  it("is refused where the graph has no input for them", async () => {
    await expect(labels({ token_types: "word_shapes" }, lookupModel(pieces))).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/model\.onnx has no input token_type_ids; it has input_ids\./),
    });
  });
});

describe.skipIf(SHARED_ABSENT)("an engine (needs ../shared)", () => {
  it.each(MODELS)("labels every word with %s, in words given or found", async (name) => {
    const pool = await open([name]);
    const [fromWords, fromText] = await pool.tag([given, { kind: "text", text: words.join(" ") }]);
    expect(fromWords).toEqual(fromText);
    const [lens] = Object.values(fromWords!.lenses);
    expect(lens!.labels).toHaveLength(words.length);
    for (const score of lens!.scores) expect(score).toBeGreaterThan(0);
  });

  it("serves models of several kinds as it serves each alone", async () => {
    const [first, second] = [await open(["tiny-roberta-bio"]), await open(["tiny-xlmr-pos"])];
    const both = await open(["tiny-roberta-bio", "tiny-xlmr-pos"]);
    const [[one], [other], [together]] = [
      await first.tag([given]),
      await second.tag([given]),
      await both.tag([given]),
    ];
    expect(together!.lenses).toEqual({ ...one!.lenses, ...other!.lenses });
    expect((await both.describe()).graphs).toHaveLength(2);
  });

  it("says which outputs there are where the one that is named is not", async () => {
    const pool = await open(["tiny-roberta-bio"], { output: "ner_logits" });
    await expect(pool.describe()).rejects.toMatchObject({
      code: "MODEL_BROKEN",
      message: expect.stringMatching(/no output ner_logits for lens ner; it has logits\..*spanmill\.json/),
    });
    await expect(pool.tag([given])).rejects.toMatchObject({ code: "MODEL_BROKEN" });
  });

  it("says that labels fit no scheme", async () => {
    const pool = await open(["tiny-roberta-bio"], { scheme: "BIOES", labels: ["A", "C", "D", "F", "G"] });
    await expect(pool.describe()).rejects.toMatchObject({ code: "MODEL_LABELS" });
  });
});
