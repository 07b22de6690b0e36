/**
 * All files of a model folder but its card, as bytes by path: what `adapters/model-folder/write-folder.ts` puts on disk.
 * `card.ts` adds the card.
 */
import { createHash } from "node:crypto";
import { SpanmillError } from "../../errors.js";
import type { Scheme } from "../../tagging/schemes.js";
import { WORD_SHAPES } from "../../tagging/shapes.js";
import type { EncoderConfig } from "../encoder-config.js";
import { outputOf, type ServedDtype, servedFile } from "./served-graph.js";

type Json = Readonly<Record<string, unknown>>;

export interface ExportedLens {
  readonly name: string;
  readonly scheme: Scheme;
  /** In index order. */
  readonly labels: readonly string[];
  readonly temperature: number;
}

export interface TrainedModel {
  /** Of the model, in records. */
  readonly name: string;
  readonly config: EncoderConfig;
  /** The base's parsed `config.json`: its other keys are kept. */
  readonly configJson: Json;
  /** By parameter name: the encoder's, and those of the heads `heads.<lens>`. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly lenses: readonly ExportedLens[];
  /** Most pieces of a window, special tokens included. */
  readonly window: number;
  /** The encoder is fed the words' shapes in the place of token types. */
  readonly wordShapes: boolean;
  /** Parsed `tokenizer.json` and, where there is one, `tokenizer_config.json` of the base. */
  readonly tokenizer: Json;
  readonly tokenizerConfig?: Json;
  /** At least one. Where there are several, int8 is the one that is loaded unless another is asked for. */
  readonly dtypes: readonly ServedDtype[];
}

export const ONNX_FILES: Readonly<Record<ServedDtype, string>> = {
  fp32: "onnx/model.onnx",
  int8: "onnx/model_int8.onnx",
};

/**
 * The same model always gives the same bytes. `spanmill.json` holds the sha256 of every other file; a card is
 * added later, so that it may be edited.
 *
 * @throws SpanmillError INTERNAL of weights that do not fit, MODEL_BROKEN of weights that are not finite
 */
export function modelFiles(model: TrainedModel): ReadonlyMap<string, Uint8Array> {
  checkShapes(model);
  const heads = model.lenses.map(({ name, labels }) => ({ name, labels: labels.length }));
  const files = new Map<string, Uint8Array>();
  files.set("config.json", json(configOf(model)));
  // Both would cut or pad a text behind the engine's back.
  files.set("tokenizer.json", compact({ ...model.tokenizer, truncation: null, padding: null }));
  if (model.tokenizerConfig !== undefined) {
    files.set("tokenizer_config.json", json(without(model.tokenizerConfig, PROVENANCE)));
  }
  for (const dtype of model.dtypes) {
    files.set(ONNX_FILES[dtype], servedFile(model.config, heads, model.weights, dtype));
  }
  const sums = Object.fromEntries([...files].map(([file, bytes]) => [file, sha256(bytes)]));
  files.set("spanmill.json", json(manifestOf(model, sums)));
  return files;
}

function checkShapes({ wordShapes, config, dtypes, window }: TrainedModel): void {
  const wrong =
    dtypes.length === 0
      ? "no form of the ONNX file is asked for"
      : wordShapes && config.tokenTypes < WORD_SHAPES.length
        ? `word shapes need ${WORD_SHAPES.length} token types, the encoder has ${config.tokenTypes}`
        : window > config.positions
          ? `windows of ${window} pieces, but the encoder reads ${config.positions}`
          : undefined;
  if (wrong !== undefined) throw new SpanmillError("INTERNAL", `a model cannot be written: ${wrong}`);
}

/** Of one machine or one program's version: nothing that a reader needs. */
const PROVENANCE = ["_name_or_path", "name_or_path", "transformers_version", "torch_dtype", "dtype"];

function without(value: Json, keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

function configOf({ config, configJson, lenses }: TrainedModel): Json {
  const single = lenses.length === 1 ? lenses[0]! : undefined;
  return {
    ...without(configJson, PROVENANCE),
    architectures: [single === undefined ? "BertModel" : "BertForTokenClassification"],
    model_type: "bert",
    vocab_size: config.vocabulary,
    hidden_size: config.hidden,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    intermediate_size: config.intermediate,
    max_position_embeddings: config.positions,
    type_vocab_size: config.tokenTypes,
    layer_norm_eps: config.epsilon,
    id2label: single && Object.fromEntries(single.labels.map((label, i) => [i, label])),
    label2id: single && Object.fromEntries(single.labels.map((label, i) => [label, i])),
  };
}

function manifestOf(model: TrainedModel, files: Readonly<Record<string, string>>): Json {
  const { name, lenses, window, wordShapes, dtypes } = model;
  const entries = lenses.map(
    ({ name, labels, scheme, temperature }) =>
      [name, { output: outputOf(name, lenses), labels, scheme, temperature: rounded(temperature) }] as const,
  );
  return {
    format: 1,
    name,
    onnx: ONNX_FILES[dtypes.includes("int8") ? "int8" : "fp32"],
    lenses: Object.fromEntries(entries),
    window,
    ...(wordShapes ? { token_types: "word_shapes" } : {}),
    files,
  };
}

function rounded(temperature: number): number {
  return Number(temperature.toPrecision(5));
}

/** Lists on one line each: people read these files. */
function json(value: Json): Uint8Array {
  const lists: string[] = [];
  const text = JSON.stringify(
    value,
    (_, each) => (Array.isArray(each) ? `\u0000${lists.push(JSON.stringify(each)) - 1}` : each),
    2,
  );
  return utf8(`${text.replace(/"\\u0000(\d+)"/g, (_, i) => lists[Number(i)]!)}\n`);
}

function compact(value: Json): Uint8Array {
  return utf8(JSON.stringify(value));
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
