/** The encoder's weights from those of a Hugging Face model. */
import { SpanmillError } from "../errors.js";
import { show } from "./graph/shape.js";
import type { Value } from "./graph/value.js";
import type { StoredTensor } from "./safetensors.js";

/**
 * Reads what parameters need. A `kernel` is the stored `weight`, transposed; names may have the prefix `bert.`. Where a
 * table of token types has more rows than the stored one, the further rows begin as copies of its first.
 *
 * @param parameters those of the encoder alone, by name (heads have no stored weights).
 * @param file where the tensors come from, for messages.
 * @throws SpanmillError MODEL_INCOMPLETE, MODEL_BROKEN
 */
export function readBaseWeights(
  parameters: ReadonlyMap<string, Value>,
  tensors: ReadonlyMap<string, StoredTensor>,
  file: string,
): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  for (const [name, { shape }] of parameters) {
    const stored = name.replace(/\.kernel$/, ".weight");
    const tensor = tensors.get(stored) ?? tensors.get(`bert.${stored}`);
    if (tensor === undefined) {
      throw new SpanmillError(
        "MODEL_INCOMPLETE",
        `${file} has no tensor ${stored}, which config.json asks for: give an encoder of the BERT family`,
      );
    }
    weights.set(name, sized(name, shape as readonly number[], tensor, file));
  }
  return weights;
}

function sized(name: string, shape: readonly number[], tensor: StoredTensor, file: string): Float32Array {
  const wanted = name.endsWith(".kernel") ? shape.toReversed() : shape;
  const [rows = 0, width = 1] = tensor.shape;
  const grows = name === TYPE_TABLE && rows > 0 && rows < shape[0]! && width === shape[1];
  if (!grows && wanted.join() !== tensor.shape.join()) {
    throw new SpanmillError(
      "MODEL_BROKEN",
      `${file}: the tensor ${name} is ${show(tensor.shape)}, config.json asks for ${show(wanted)}. Are they of one model?`,
    );
  }
  const numbers = tensor.read();
  if (name.endsWith(".kernel")) return transposed(numbers, rows, width);
  if (!grows) return numbers;
  const table = new Float32Array(shape[0]! * width);
  for (let row = 0; row < shape[0]!; row++) {
    const source = row < rows ? row : 0;
    table.set(numbers.subarray(source * width, (source + 1) * width), row * width);
  }
  return table;
}

function transposed(numbers: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(numbers.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      result[column * rows + row] = numbers[row * columns + column]!;
  }
  return result;
}

const TYPE_TABLE = "embeddings.token_type_embeddings.weight";
