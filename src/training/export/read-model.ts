/** Weights taken back out of a model that spanmill wrote, so that fine-tuning can start from its ONNX file alone. */
import { SpanmillError } from "../../errors.js";
import { encode } from "../encoder.js";
import type { EncoderConfig } from "../encoder-config.js";
import { decodeModel, ELEMENT, type OnnxTensor } from "../graph/onnx-file.js";
import { show } from "../graph/shape.js";
import { parametersOf } from "../step.js";
import { fromInt8, type ScalePer } from "./int8.js";
import { INT8, SCALE } from "./quantise.js";

/**
 * All weights by parameter name, those of the heads (`heads.<lens>.kernel`, `heads.<lens>.bias`) among them. Of a float
 * file they are the very same; of an int8 file each is within half its scale, and exporting them again gives the same
 * file byte by byte.
 *
 * @param file its name, for messages.
 * @throws SpanmillError MODEL_BROKEN where it is no ONNX file, MODEL_UNSUPPORTED where spanmill did not write it,
 * MODEL_INCOMPLETE where the encoder's weights are not all in it
 */
export function readModelWeights(
  onnx: Uint8Array,
  config: EncoderConfig,
  file: string,
): Map<string, Float32Array> {
  const { producerName, graph } = decodeModel(onnx, file);
  if (producerName !== "spanmill") {
    throw new SpanmillError(
      "MODEL_UNSUPPORTED",
      `${file} was not written by spanmill, so its weights have other names: as a base, give a folder with config.json, ` +
        "tokenizer.json and model.safetensors of an encoder of the BERT family, or a folder that `spanmill train` wrote",
    );
  }
  const weights = new Map<string, Float32Array>();
  const tensors = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  for (const [stored, tensor] of tensors) {
    // Constants of the graph begin with a slash.
    if (stored.startsWith("/") || stored.endsWith(SCALE)) continue;
    if (stored.endsWith(INT8)) {
      const name = stored.slice(0, -INT8.length);
      weights.set(name, dequantised(name, tensor, tensors.get(name + SCALE), file));
    } else {
      weights.set(stored, floats(tensor, file));
    }
  }
  checkComplete(weights, config, file);
  return weights;
}

function checkComplete(
  weights: ReadonlyMap<string, Float32Array>,
  config: EncoderConfig,
  file: string,
): void {
  for (const [name, { shape }] of parametersOf([encode(config).layers.at(-1)!])) {
    const size = (shape as readonly number[]).reduce((a, b) => a * b, 1);
    const found = weights.get(name)?.length;
    if (found === size) continue;
    throw new SpanmillError(
      "MODEL_INCOMPLETE",
      `${file} has ${found === undefined ? "no weight" : `${found} numbers for the weight`} ${name}, config.json asks for ` +
        `${show(shape)}: they are not of one model, take both from the same folder`,
    );
  }
}

function floats(tensor: OnnxTensor, file: string): Float32Array {
  const bytes = raw(tensor, ELEMENT.float32, 4, file);
  // A copy: the bytes may stand anywhere in the file, and need not be aligned. A Buffer's slice() would be no copy.
  return new Float32Array(new Uint8Array(bytes).buffer);
}

function dequantised(
  name: string,
  tensor: OnnxTensor,
  scale: OnnxTensor | undefined,
  file: string,
): Float32Array {
  const bytes = raw(tensor, ELEMENT.int8, 1, file);
  const [rows = 0, columns = 0] = tensor.dims;
  const scales = scale === undefined ? new Float32Array() : floats(scale, file);
  const per = ((): ScalePer | undefined => {
    const dims = scale?.dims.join();
    if (dims === "") return "tensor";
    if (dims === `${columns}`) return "column";
    return dims === `${rows},1` ? "row" : undefined;
  })();
  if (per === undefined) throw broken(file, name);
  const data = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return fromInt8({ data, scales }, columns, per);
}

function raw({ name, dims, dataType, rawData }: OnnxTensor, type: number, width: number, file: string) {
  const size = dims.reduce((a, b) => a * b, 1) * width;
  if (dataType !== type || rawData?.length !== size) throw broken(file, name);
  return rawData;
}

function broken(file: string, weight: string): SpanmillError {
  return new SpanmillError(
    "MODEL_BROKEN",
    `${file}: the weight ${weight} is not stored as spanmill stores it: another program has changed the file; take the one ` +
      "that `spanmill train` wrote",
  );
}
