/** Judges weights in training by the engine's own code: its windows, its decoding, its scores. */
import type { GraphSession, Numbers } from "../adapters/onnx/graph-session.js";
import { prepareWords } from "../dataset/prepare.js";
import { scorer } from "../evaluation/scorer.js";
import { goldSide, predictedSide } from "../evaluation/sides.js";
import type { Encoder } from "../tagging/infer.js";
import type { WordTokenizer } from "../tagging/pieces.js";
import type { LensManifest } from "../tagging/protocol.js";
import { labelSet } from "../tagging/schemes.js";
import { engine } from "../tagging/tag.js";
import { outputOf } from "./export/served-graph.js";
import { openDocuments } from "./label-documents.js";
import type { LabelSource, Recipe, RecipeLens, ValidationSet } from "./recipe.js";
import { goldColumn, labelledOnly, selectionOf } from "./validation-sets.js";

export interface ValidationScore {
  readonly set: string;
  readonly lens: string;
  /** Micro F1 of spans; of a lens without spans the share of words with the right label. A fraction. */
  readonly f1: number;
  readonly precision?: number;
  readonly recall?: number;
  readonly decides: boolean;
}

export interface Judge {
  readonly recipe: Recipe;
  readonly tokenizer: WordTokenizer;
  /** An encoder with the weights to be judged, as the engine runs it. */
  readonly encoder: Encoder;
  /** Stops between documents. */
  readonly signal: AbortSignal;
}

/** Scores of all validation sets, with constrained decoding. @throws SpanmillError INPUT_*, and the signal's reason. */
export async function validate(judge: Judge): Promise<ValidationScore[]> {
  const scores: ValidationScore[] = [];
  for (const set of judge.recipe.validation) {
    for (const source of set.labels) scores.push(await scoreSet(set, source, judge));
  }
  return scores;
}

/** The mean of the sets that decide: over each lens's sets first, so that lenses count alike. */
export function decidingScore(scores: readonly ValidationScore[]): number {
  const deciding = scores.filter(({ decides }) => decides);
  const lenses = [...new Set(deciding.map(({ lens }) => lens))];
  const mean = (numbers: readonly number[]) =>
    numbers.length === 0 ? 0 : numbers.reduce((a, b) => a + b, 0) / numbers.length;
  return mean(lenses.map((lens) => mean(deciding.filter((each) => each.lens === lens).map(({ f1 }) => f1))));
}

async function scoreSet(set: ValidationSet, source: LabelSource, judge: Judge): Promise<ValidationScore> {
  const lens = judge.recipe.lenses.find(({ name }) => name === source.lens)!;
  const files = source.files ?? set.files;
  const column = await goldColumn(files, source, lens);
  const scores = scorer("conlleval", () => selectionOf(source));
  const opened = engine([loadedModel(judge, lens)], { strategy: "constrained", columns: true });
  for await (const { document } of openDocuments(files, set.part)) {
    judge.signal.throwIfAborted();
    const { inputs } = prepareWords({ id: "", revision: "" }, document, set.context);
    const blocks = [];
    for (const input of inputs) blocks.push(await opened.tag(input));
    const predicted = predictedSide(document, blocks, manifestOf(lens));
    scores.add(lens.name, ...labelledOnly(goldSide(document, column), predicted, source, lens));
  }
  const report = scores.report().lenses[lens.name];
  const about = { set: set.name, lens: lens.name, decides: set.decides };
  if (report === undefined) return { ...about, f1: 0 };
  return "micro" in report ? { ...about, ...report.micro } : { ...about, f1: report.accuracy };
}

function loadedModel({ recipe, tokenizer, encoder }: Judge, lens: RecipeLens) {
  return {
    tokenizer,
    encoder,
    lenses: [
      {
        name: lens.name,
        output: outputName(lens, recipe),
        labelSet: labelSet(lens.labels, lens.scheme),
        temperature: 1,
      },
    ],
    window: recipe.window,
    tokenTypes: recipe.wordShapes ? ("word_shapes" as const) : ("zeros" as const),
  };
}

function manifestOf({ name, labels, scheme }: RecipeLens): LensManifest {
  return { name, output: name, labels, scheme, temperature: 1 };
}

/** In the graph that is served, and in the one that judges. Of a lens that is not exported: its name. */
export function outputName({ name, auxiliary }: RecipeLens, { lenses }: Recipe): string {
  if (auxiliary) return name;
  return outputOf(
    name,
    lenses.filter((lens) => !lens.auxiliary),
  );
}

/** The encoder over a session on the graph of `servedModel`, its weights fed anew with every window. */
export function fedEncoder(
  session: GraphSession,
  weights: Readonly<Record<string, Numbers>>,
  { prefix, suffix }: WordTokenizer,
): Encoder {
  return {
    prefix,
    suffix,
    async run(ids: readonly number[], tokenTypes?: readonly number[]) {
      const shape = [1, ids.length];
      const results = await session.run({
        ...weights,
        input_ids: { data: BigInt64Array.from(ids, BigInt), shape },
        attention_mask: { data: new BigInt64Array(ids.length).fill(1n), shape },
        token_type_ids: { data: BigInt64Array.from(tokenTypes ?? ids.map(() => 0), BigInt), shape },
      });
      return new Map(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
    },
  };
}
