/** The model that a training starts from: an encoder of somebody else, or a model that spanmill wrote. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { folderManifest } from "../adapters/model-folder/manifest.js";
import { lackOfTokenizer } from "../adapters/model-folder/tokenizer-file.js";
import { SpanmillError } from "../errors.js";
import { WORD_SHAPES } from "../tagging/shapes.js";
import { readBaseWeights } from "./base-weights.js";
import { encode } from "./encoder.js";
import { type EncoderConfig, readEncoderConfig } from "./encoder-config.js";
import { ONNX_FILES } from "./export/model-files.js";
import { readModelWeights } from "./export/read-model.js";
import type { RecipeLens } from "./recipe.js";
import { readSafetensors } from "./safetensors.js";
import { parametersOf } from "./step.js";

type Json = Readonly<Record<string, unknown>>;

export interface Base {
  /** All that it was read from. */
  readonly files: readonly string[];
  readonly config: EncoderConfig;
  readonly configJson: Json;
  readonly tokenizer: Json;
  readonly tokenizerConfig: Json;
  /** By parameter: the encoder's, and those of heads whose labels are those of the recipe's lens. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/**
 * @param wordShapes whether the encoder is to have a row for each word shape.
 * @param lenses those to be trained.
 * @throws SpanmillError MODEL_*
 */
export function readBase(directory: string, wordShapes: boolean, lenses: readonly RecipeLens[]): Base {
  const path = join(directory, "config.json");
  if (!existsSync(path)) {
    throw new SpanmillError(
      existsSync(directory) ? "MODEL_INCOMPLETE" : "MODEL_NOT_FOUND",
      `${directory} holds no config.json: give --base a Hugging Face folder of an encoder, or a model folder of spanmill`,
    );
  }
  const lack = lackOfTokenizer(directory);
  if (lack !== undefined)
    throw new SpanmillError("MODEL_INCOMPLETE", `${directory} cannot be a base: it lacks ${lack}`);
  const configJson = readJson(path);
  const stated = readEncoderConfig(configJson, path);
  const tokenTypes = wordShapes ? Math.max(stated.tokenTypes, WORD_SHAPES.length) : stated.tokenTypes;
  const config = { ...stated, tokenTypes };
  const own = existsSync(join(directory, "spanmill.json"));
  const { file, weights } = own
    ? ownWeights(directory, stated, wordShapes, lenses)
    : foreignWeights(directory, config);
  const described = ["config.json", "tokenizer.json", "tokenizer_config.json", "spanmill.json"];
  return {
    files: [...described.map((name) => join(directory, name)).filter((path) => existsSync(path)), file],
    config,
    configJson,
    tokenizer: readJson(join(directory, "tokenizer.json")),
    tokenizerConfig: readJson(join(directory, "tokenizer_config.json"), {}),
    weights,
  };
}

/** Weights and the file that holds them. */
interface Stored {
  readonly file: string;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

function foreignWeights(directory: string, config: EncoderConfig): Stored {
  const file = join(directory, "model.safetensors");
  if (!existsSync(file)) {
    throw new SpanmillError(
      "MODEL_INCOMPLETE",
      `${directory} has no model.safetensors, and is no model folder of spanmill: give --base one of the two`,
    );
  }
  const parameters = parametersOf(encode(config).layers.slice(-1));
  return { file, weights: readBaseWeights(parameters, readSafetensors(readFileSync(file), file), file) };
}

function ownWeights(
  directory: string,
  config: EncoderConfig,
  wordShapes: boolean,
  lenses: readonly RecipeLens[],
): Stored {
  const file = join(directory, "spanmill.json");
  const parsed = folderManifest.safeParse(readJson(file));
  if (!parsed.success) {
    throw new SpanmillError(
      "MODEL_BROKEN",
      `${file} is not as spanmill writes it: run \`spanmill models inspect\``,
    );
  }
  const manifest = parsed.data;
  if ((manifest.token_types === "word_shapes") !== wordShapes) {
    throw new SpanmillError(
      "USAGE",
      `the base ${directory} was trained ${wordShapes ? "without" : "with"} word shapes: set word-shapes to ${!wordShapes}`,
    );
  }
  const float = join(directory, ONNX_FILES.fp32);
  const onnx = existsSync(float) ? float : join(directory, manifest.onnx ?? ONNX_FILES.int8);
  if (!existsSync(onnx)) {
    throw new SpanmillError("MODEL_INCOMPLETE", `${directory} has no ${ONNX_FILES.int8}: fetch it again`);
  }
  const weights = readModelWeights(readFileSync(onnx), config, onnx);
  const same = ({ name, labels }: RecipeLens) => manifest.lenses?.[name]?.labels?.join() === labels.join();
  const kept = new Set(lenses.filter(same).map(({ name }) => `heads.${name}`));
  const wanted = (name: string) => !name.startsWith("heads.") || kept.has(name.replace(/\.[^.]*$/, ""));
  return { file: onnx, weights: new Map([...weights].filter(([name]) => wanted(name))) };
}

function readJson(path: string, absent?: Json): Json {
  if (absent !== undefined && !existsSync(path)) return absent;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new SpanmillError("MODEL_BROKEN", `${path} cannot be read as JSON: fetch it again`, { cause });
  }
}
