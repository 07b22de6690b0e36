/** The file of a served model: from weights to the bytes of its ONNX. */
import { SpanmillError } from "../../errors.js";
import type { EncoderConfig } from "../encoder-config.js";
import { encodeModel, type OnnxModel } from "../graph/onnx-file.js";
import { toOnnx } from "../graph/onnx-model.js";
import { type LensHead, parametersOf, servedModel } from "../step.js";
import { fuseAttention } from "./attention.js";
import { quantise } from "./quantise.js";

export const SERVED_DTYPES = ["fp32", "int8"] as const;
export type ServedDtype = (typeof SERVED_DTYPES)[number];

/**
 * The same weights always give the same bytes.
 *
 * @param weights by parameter name: the encoder's and those of the heads `heads.<lens>`; others are left out.
 * @throws SpanmillError INTERNAL where a weight is missing or has the wrong size, MODEL_BROKEN where it is not finite
 */
export function servedFile(
  config: EncoderConfig,
  lenses: readonly LensHead[],
  weights: ReadonlyMap<string, Float32Array>,
  dtype: ServedDtype,
): Uint8Array {
  const model = servedGraph(config, lenses, weights);
  return encodeModel(dtype === "int8" ? quantise(model) : model);
}

/** The float form, in standard operators. */
export function servedGraph(
  config: EncoderConfig,
  lenses: readonly LensHead[],
  weights: ReadonlyMap<string, Float32Array>,
): OnnxModel {
  const served = servedModel(config, lenses);
  const scores = Object.values(served.outputs);
  const missing = [...parametersOf(scores).keys()].filter((name) => !weights.has(name));
  if (missing.length > 0) {
    throw new SpanmillError("INTERNAL", `no weights for ${missing.length} parameters, such as ${missing[0]}`);
  }
  const outputs = Object.fromEntries(
    lenses.map(({ name }) => [outputOf(name, lenses), served.outputs[name]!] as const),
  );
  return fuseAttention(toOnnx(outputs, { dialect: "portable", weights, inputs: served.inputs }), config);
}

/** A single lens's output is called as other programs expect it of a token classifier. */
export function outputOf(lens: string, lenses: readonly { readonly name: string }[]): string {
  return lenses.length === 1 ? "logits" : lens;
}
