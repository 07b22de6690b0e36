/** An encoder of a few thousand weights with a tokenizer of letters, as a Hugging Face folder. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "../../src/training/encoder.js";
import { readEncoderConfig } from "../../src/training/encoder-config.js";
import { random } from "../../src/training/random.js";
import { parametersOf } from "../../src/training/step.js";
import { safetensorsFile } from "../training/safetensors-file.js";

const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
const LETTERS = [..."abcdefghijklmnopqrstuvwxyz0123456789.,!?-'@:/"];
const VOCABULARY = [...SPECIAL, ...LETTERS, ...LETTERS.map((letter) => `##${letter}`)];

const CONFIG = {
  architectures: ["BertModel"],
  model_type: "bert",
  hidden_act: "gelu",
  vocab_size: VOCABULARY.length,
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
};

/** Writes the folder and gives its path. */
export function tinyBase(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const json = (file: string, value: unknown) => writeFileSync(join(folder, file), JSON.stringify(value));
  json("config.json", CONFIG);
  json("tokenizer.json", TOKENIZER);
  json("tokenizer_config.json", { tokenizer_class: "BertTokenizer", do_lower_case: true });
  writeFileSync(join(folder, "model.safetensors"), weights());
  return folder;
}

function weights(): Uint8Array {
  const draw = random(7, "tiny base");
  const parameters = parametersOf(encode(readEncoderConfig(CONFIG, "config.json")).layers.slice(-1));
  return safetensorsFile(
    Object.fromEntries(
      [...parameters].map(([name, { shape }]) => {
        const isKernel = name.endsWith(".kernel");
        const stored = (isKernel ? shape.toReversed() : shape) as readonly number[];
        const size = stored.reduce((a, b) => a * b, 1);
        const plain = name.includes("LayerNorm.weight") ? 1 : 0;
        const numbers = Float32Array.from({ length: size }, () => plain + 0.1 * draw.normal());
        const bytes = new Uint8Array(numbers.buffer);
        return [name.replace(/\.kernel$/, ".weight"), { dtype: "F32", shape: stored, bytes }];
      }),
    ),
  );
}

const TOKENIZER = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: SPECIAL.map((content, id) => ({
    id,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  })),
  normalizer: {
    type: "BertNormalizer",
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true,
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
    pair: [],
    special_tokens: {
      "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
      "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
    },
  },
  decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  model: {
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(VOCABULARY.map((piece, id) => [piece, id])),
  },
};
