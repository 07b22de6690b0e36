/** The model that a training starts from. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SpanmillError } from "../errors.js";
import { WORD_SHAPES } from "../tagging/shapes.js";
import { readBaseWeights } from "./base-weights.js";
import { encode } from "./encoder.js";
import { type EncoderConfig, readEncoderConfig } from "./encoder-config.js";
import { readSafetensors } from "./safetensors.js";
import { parametersOf } from "./step.js";

export interface Base {
  readonly directory: string;
  readonly config: EncoderConfig;
  /** By parameter. Of a model of ours with its heads. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** @throws SpanmillError MODEL_* */
export function readBase(directory: string, wordShapes: boolean): Base {
  const file = join(directory, "model.safetensors");
  if (!existsSync(file)) {
    throw new SpanmillError(
      "MODEL_INCOMPLETE",
      `${directory} has no model.safetensors: give --base a Hugging Face folder of an encoder, or a model folder of spanmill`,
    );
  }
  const stated = readEncoderConfig(readJson(join(directory, "config.json")), join(directory, "config.json"));
  const tokenTypes = wordShapes ? Math.max(stated.tokenTypes, WORD_SHAPES.length) : stated.tokenTypes;
  const config = { ...stated, tokenTypes };
  const parameters = parametersOf(encode(config).layers.slice(-1));
  return {
    directory,
    config,
    weights: readBaseWeights(parameters, readSafetensors(readFileSync(file), file), file),
  };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new SpanmillError("MODEL_BROKEN", `${path} cannot be read as JSON: fetch it again`, { cause });
  }
}
