/**
 * The one definition of the encoder, for training and for serving: BERT (Devlin et al. 2019), normalised after each
 * sum, with a linear head for each lens.
 *
 * Activations are rows, [batch*sequence, hidden], so that every layer is one product of matrices. Parameters are named
 * as Hugging Face names BERT's, but for `kernel`: the `weight` of a linear layer, transposed to [in, out].
 */
import type { EncoderConfig } from "./encoder-config.js";
import {
  add,
  gather,
  gelu,
  layerNorm,
  linear,
  matMul,
  mul,
  range,
  reshape,
  softmax,
  sub,
  toFloat,
  transpose,
} from "./graph/operators.js";
import type { Shape } from "./graph/shape.js";
import { input, parameter, type Value } from "./graph/value.js";

export interface EncoderInputs {
  readonly ids: Value;
  readonly mask: Value;
  readonly tokenTypes: Value;
}

export interface Encoded {
  readonly inputs: EncoderInputs;
  /** The rows of the word table that the ids chose, [batch, sequence, hidden]. */
  readonly wordRows: Value;
  /** The sum of the embeddings, normalised, and each layer's result: [batch*sequence, hidden]. */
  readonly layers: readonly Value[];
}

/** Called with every value that training drops parts of; gives what takes its place. */
export type Dropout = (place: string, value: Value) => Value;

const ROWS = "batch*sequence";
const NO_DROPOUT: Dropout = (_, value) => value;
/** Taken from the score of a piece that is padding. Its probability is then exactly 0, and no sum overflows. */
const OUT_OF_SIGHT = 1e9;

export function encode(config: EncoderConfig, dropout: Dropout = NO_DROPOUT): Encoded {
  const shape = ["batch", "sequence"];
  const inputs: EncoderInputs = {
    ids: input("input_ids", "int64", shape),
    mask: input("attention_mask", "int64", shape),
    tokenTypes: input("token_type_ids", "int64", shape),
  };
  const table = (name: string, rows: number): Value =>
    parameter(`embeddings.${name}_embeddings.weight`, [rows, config.hidden]);
  const wordRows = gather(table("word", config.vocabulary), inputs.ids);
  const positions = gather(table("position", config.positions), range("sequence"));
  const types = gather(table("token_type", config.tokenTypes), inputs.tokenTypes);
  const sum = reshape(add(add(wordRows, positions), types), [ROWS, config.hidden]);

  const visible = reshape(toFloat(inputs.mask), ["batch", 1, 1, "sequence"]);
  const bias = mul(sub(visible, 1), OUT_OF_SIGHT);
  const layers = [dropout("embeddings", normalise(sum, "embeddings.LayerNorm", config))];
  for (let i = 0; i < config.layers; i++) {
    layers.push(encoderLayer(layers[i]!, `encoder.layer.${i}`, bias, config, dropout));
  }
  return { inputs, wordRows, layers };
}

/** A lens's scores: [batch*sequence, labels]. */
export function head(encoded: Encoded, lens: string, labels: number, dropout: Dropout = NO_DROPOUT): Value {
  return dense(dropout("heads", encoded.layers.at(-1)!), `heads.${lens}`, labels);
}

function encoderLayer(x: Value, name: string, bias: Value, config: EncoderConfig, dropout: Dropout): Value {
  const attended = attention(x, `${name}.attention.self`, bias, config, dropout);
  const mixed = dropout(
    `${name}.attention`,
    dense(attended, `${name}.attention.output.dense`, config.hidden),
  );
  const middle = normalise(add(mixed, x), `${name}.attention.output.LayerNorm`, config);
  const wide = gelu(dense(middle, `${name}.intermediate.dense`, config.intermediate));
  const narrow = dropout(`${name}.output`, dense(wide, `${name}.output.dense`, config.hidden));
  return normalise(add(narrow, middle), `${name}.output.LayerNorm`, config);
}

/** Vaswani et al. 2017, 3.2: each head mixes the pieces' values by the softmax of scaled products. */
function attention(x: Value, name: string, bias: Value, config: EncoderConfig, dropout: Dropout): Value {
  const { hidden, heads } = config;
  const width = hidden / heads;
  const split: Shape = ["batch", "sequence", heads, width];
  const part = (which: string): Value =>
    transpose(reshape(dense(x, `${name}.${which}`, hidden), split), [0, 2, 1, 3]);

  const scores = matMul(part("query"), part("key"), { transposeB: true, scale: 1 / Math.sqrt(width) });
  const weights = dropout(`${name}.probabilities`, softmax(add(scores, bias)));
  const mixed = matMul(weights, part("value"));
  return reshape(transpose(mixed, [0, 2, 1, 3]), [ROWS, hidden]);
}

function dense(x: Value, name: string, width: number): Value {
  const kernel = parameter(`${name}.kernel`, [x.shape[1] as number, width]);
  return linear(x, kernel, parameter(`${name}.bias`, [width]));
}

function normalise(x: Value, name: string, { hidden, epsilon }: EncoderConfig): Value {
  return layerNorm(x, parameter(`${name}.weight`, [hidden]), parameter(`${name}.bias`, [hidden]), epsilon);
}
