/**
 * A model folder that anyone can foretell: every word has its own row of scores. It is in no need of ../shared, loads
 * at once, and runs through ONNX Runtime and the tokenizer as any other model does.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { lookupModel } from "./onnx.js";
import { temporaryFolder } from "./temporary.js";

/** Labels of the words that have one; all others are `O`. `broken` gets scores that are not numbers. */
const WORDS: Readonly<Record<string, string>> = {
  alice: "B-PER",
  smith: "I-PER",
  bob: "B-PER",
  berlin: "B-LOC",
  new: "B-LOC",
  york: "I-LOC",
  acme: "B-ORG",
  josé: "B-PER",
  broken: "NaN",
};

const LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"];
const SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

/** Files to write, and to leave out (undefined), instead of those of a sound folder. */
export type Changes = Readonly<Record<string, string | Buffer | object | undefined>>;

/** Makes the folder `name` and gives its path. Its one lens is `ner`, of scheme BIO. */
export function lookupFolder(changes: Changes = {}, name = "lookup"): string {
  const folder = join(temporaryFolder(), name);
  mkdirSync(join(folder, "onnx"), { recursive: true });
  const files: Changes = {
    "config.json": config(LABELS),
    "tokenizer.json": tokenizer(),
    "onnx/model.onnx": lookupModel(rows()),
    ...changes,
  };
  for (const [file, content] of Object.entries(files)) {
    if (content === undefined) continue;
    const plain = typeof content === "string" || Buffer.isBuffer(content);
    writeFileSync(join(folder, file), plain ? content : JSON.stringify(content));
  }
  return folder;
}

/** Settings of a tagger on it. */
export function ofThreads(directory: string, threads: number) {
  return {
    models: [{ directory }],
    dtype: "auto",
    schemes: {},
    decode: "constrained" as const,
    threads,
    columns: "lenses" as const,
  };
}

export function config(labels: readonly string[]): object {
  return {
    architectures: ["BertForTokenClassification"],
    model_type: "bert",
    max_position_embeddings: 512,
    pad_token_id: 0,
    id2label: Object.fromEntries(labels.entries()),
  };
}

function vocabulary(): string[] {
  return [...SPECIAL, ...Object.keys(WORDS)];
}

function rows(): number[][] {
  return vocabulary().map((word) => {
    const label = WORDS[word] ?? "O";
    return LABELS.map((candidate) => (label === "NaN" ? Number.NaN : candidate === label ? 8 : 0));
  });
}

function tokenizer(): object {
  const special = SPECIAL.map((content, id) => ({
    id,
    content,
    special: true,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  }));
  return {
    version: "1.0",
    added_tokens: special,
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: false,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary().map((word, id) => [word, id])),
    },
  };
}
