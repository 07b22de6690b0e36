/**
 * Windows to scores: the only stage that is not pure. Each window runs alone and unpadded: dynamic int8
 * quantisation scales activations over the whole tensor, so a neighbour or padding would change the answer.
 */
import { SpanmillError } from "../errors.js";
import type { Pieces } from "./pieces.js";
import type { Window } from "./windows.js";

/** What this stage needs of a loaded encoder. */
export interface Encoder {
  /**
   * Runs one window.
   *
   * @param ids piece ids with special tokens.
   * @param tokenTypes one for each id; zeros where it is left out.
   * @returns per output name the logits, row-major [pieces x labels].
   */
  run(ids: readonly number[], tokenTypes?: readonly number[]): Promise<ReadonlyMap<string, Float32Array>>;
  /** Ids that open and close every window. */
  readonly prefix: readonly number[];
  readonly suffix: readonly number[];
}

/** An output of the encoder and how many labels it scores. */
export interface Head {
  readonly output: string;
  readonly labels: number;
}

/**
 * Logits at the first piece of each word, per head row-major [words x labels].
 *
 * @throws SpanmillError MODEL_OUTPUT where an output is missing or of another shape.
 */
export async function infer(
  encoder: Encoder,
  heads: readonly Head[],
  pieces: Pieces,
  windows: readonly Window[],
): Promise<Float32Array[]> {
  const words = pieces.offsets.length - 1;
  const scores = heads.map((head) => new Float32Array(words * head.labels));
  const { prefix, suffix } = encoder;
  const [zerosBefore, zerosAfter] = [prefix.map(() => 0), suffix.map(() => 0)];
  for (const window of windows) {
    const from = pieces.offsets[window.first]!;
    const to = pieces.offsets[window.end]!;
    const ids = [...prefix, ...pieces.ids.slice(from, to), ...suffix];
    const types = pieces.tokenTypes && [...zerosBefore, ...pieces.tokenTypes.slice(from, to), ...zerosAfter];
    const outputs = await encoder.run(ids, types);
    for (let h = 0; h < heads.length; h++) {
      const logits = logitsOf(outputs, heads[h]!, ids.length);
      gather(scores[h]!, logits, heads[h]!.labels, prefix.length, pieces, window);
    }
  }
  return scores;
}

function logitsOf(outputs: ReadonlyMap<string, Float32Array>, head: Head, length: number): Float32Array {
  const logits = outputs.get(head.output);
  if (logits === undefined || logits.length !== length * head.labels) {
    const found = logits === undefined ? "none" : `${logits.length} numbers`;
    throw new SpanmillError(
      "MODEL_OUTPUT",
      `Output ${head.output} of the model gave ${found} for ${length} pieces, expected ${length} x ${head.labels}: ` +
        "the labels in the model folder do not belong to this ONNX file",
    );
  }
  return logits;
}

function gather(
  scores: Float32Array,
  logits: Float32Array,
  labels: number,
  prefix: number,
  pieces: Pieces,
  window: Window,
): void {
  const base = pieces.offsets[window.first]! - prefix;
  for (let word = window.ownFirst; word < window.ownEnd; word++) {
    const row = (pieces.offsets[word]! - base) * labels;
    scores.set(logits.subarray(row, row + labels), word * labels);
  }
}
