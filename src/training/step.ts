/** The two computations that are made of one encoder: the step that trains it, and the model that is served. */
import { type Dropout, type Encoded, encode, head } from "./encoder.js";
import type { EncoderConfig } from "./encoder-config.js";
import { gradients } from "./graph/gradient.js";
import { add, mul, reshape } from "./graph/operators.js";
import type { Shape } from "./graph/shape.js";
import { inOrder, input, type Value } from "./graph/value.js";
import { labelLoss } from "./loss.js";

export interface LensHead {
  readonly name: string;
  readonly labels: number;
}

export interface TrainedLens extends LensHead {
  /** Of the lens's loss in the sum. `input`: a scalar `weight.<lens>` that is fed, so that it can change with the batch. */
  readonly weight: number | "input";
  /** See `labelLoss`. */
  readonly sets?: readonly (readonly number[])[];
}

export interface StepOptions {
  /** `rows`: the gradient of the rows that the ids chose, to be summed by id; `frozen`: none. */
  readonly words: "rows" | "frozen";
  /** Which values have a mask that drops parts of them; none where it is left out. */
  readonly dropout?: (place: string) => boolean;
}

/** A graph with the names by which it is fed and read. */
export interface TrainingStep {
  readonly inputs: readonly Value[];
  /** `loss`, `loss.<lens>`, and a gradient for each name in `gradientOf`. */
  readonly outputs: Readonly<Record<string, Value>>;
  /** All weights the step reads. Their shapes are numbers. */
  readonly parameters: ReadonlyMap<string, Value>;
  /** For each trained parameter, the output that holds its gradient. Without the word table. */
  readonly gradientOf: ReadonlyMap<string, string>;
  /** The output [batch, sequence, hidden] with a row of the word table's gradient for each id; undefined if frozen. */
  readonly wordRows: string | undefined;
  /** Inputs that values are multiplied by: 0 with the chance of dropping, else 1 / (1 - chance). */
  readonly masks: readonly { readonly name: string; readonly place: string; readonly shape: Shape }[];
}

/** Labels of a lens go in as `labels.<lens>`, int64 [batch, sequence]. */
export function trainingStep(
  config: EncoderConfig,
  lenses: readonly TrainedLens[],
  options: StepOptions,
): TrainingStep {
  const masks = new Map<string, Value>();
  const dropout: Dropout = (place, value) => {
    if (options.dropout?.(place) !== true) return value;
    const mask = masks.get(place) ?? input(`dropout.${place}`, "float32", value.shape);
    masks.set(place, mask);
    return mul(value, mask);
  };

  const encoded = encode(config, dropout);
  const labels = lenses.map(({ name }) => input(`labels.${name}`, "int64", encoded.inputs.ids.shape));
  const losses = lenses.map((lens, i) =>
    labelLoss(head(encoded, lens.name, lens.labels, dropout), labels[i]!, lens.sets),
  );
  const factors = lenses.map(({ name, weight }) =>
    weight === "input" ? input(`weight.${name}`, "float32", []) : weight,
  );
  const loss = losses
    .map((each, i) => (factors[i] === 1 ? each : mul(each, factors[i]!)))
    .reduce((sum, each) => add(sum, each));

  const parameters = parametersOf([loss]);
  const trained = [...parameters].filter(([name]) => name !== WORD_TABLE);
  const withRows = options.words === "rows";
  const found = gradients(loss, [
    ...trained.map(([, value]) => value),
    ...(withRows ? [encoded.wordRows] : []),
  ]);
  const named = trained.map(([name], i) => [`gradient.${name}`, found[i]!] as const);
  return {
    inputs: [
      ...Object.values(encoded.inputs),
      ...labels,
      ...factors.filter((factor) => typeof factor !== "number"),
      ...masks.values(),
    ],
    outputs: {
      loss,
      ...Object.fromEntries(lenses.map(({ name }, i) => [`loss.${name}`, losses[i]!])),
      ...Object.fromEntries(named),
      ...(withRows ? { [WORD_ROWS]: found.at(-1)! } : {}),
    },
    parameters,
    gradientOf: new Map(trained.map(([name]) => [name, `gradient.${name}`])),
    wordRows: withRows ? WORD_ROWS : undefined,
    masks: [...masks].map(([place, { shape }]) => ({ name: `dropout.${place}`, place, shape })),
  };
}

export interface ServedModel {
  readonly inputs: readonly Value[];
  /** One output a lens, by its name: scores [batch, sequence, labels]. */
  readonly outputs: Readonly<Record<string, Value>>;
  readonly encoded: Encoded;
}

export function servedModel(config: EncoderConfig, lenses: readonly LensHead[]): ServedModel {
  const encoded = encode(config);
  const scores = lenses.map(({ name, labels }) => {
    return [name, reshape(head(encoded, name, labels), ["batch", "sequence", labels])] as const;
  });
  return { inputs: Object.values(encoded.inputs), outputs: Object.fromEntries(scores), encoded };
}

/** The parameters that some values depend on, by name, in the order in which the computation meets them. */
export function parametersOf(outputs: readonly Value[]): ReadonlyMap<string, Value> {
  const found = new Map<string, Value>();
  for (const value of inOrder(outputs).flatMap((node) => node.inputs)) {
    if (value.source.kind === "parameter") found.set(value.source.name, value);
  }
  return found;
}

export const WORD_TABLE = "embeddings.word_embeddings.weight";
const WORD_ROWS = "gradient.embeddings.word_rows";
