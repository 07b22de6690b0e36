/** From the best weights to a model folder: its forms judged by the same sets, temperatures fitted, the card written. */
import { basename } from "node:path";
import { writeFolder } from "../adapters/model-folder/write-folder.js";
import { openGraphSession } from "../adapters/onnx/graph-session.js";
import type { WordTokenizer } from "../tagging/pieces.js";
import { aboutBase } from "./about-base.js";
import type { Base } from "./base.js";
import { type Calibration, calibrate } from "./calibrate.js";
import { type CardScore, type ModelCard, withCard } from "./export/card.js";
import { modelFiles, ONNX_FILES, type TrainedModel } from "./export/model-files.js";
import type { ServedDtype } from "./export/served-graph.js";
import type { SetReport } from "./read-sets.js";
import type { Recipe, RecipeLens } from "./recipe.js";
import { fedEncoder, type Judge, type ValidationScore, validate } from "./validate.js";

export interface Finished {
  readonly recipe: Recipe;
  readonly base: Base;
  readonly tokenizer: WordTokenizer;
  readonly weights: ReadonlyMap<string, Float32Array>;
  readonly report: readonly SetReport[];
  readonly threads: number;
  /** Stops between documents; nothing is written then. */
  readonly signal: AbortSignal;
  readonly rebuild: string;
  readonly note: (text: string) => void;
}

/**
 * Writes the model folder of the recipe, an older one there is replaced when all is well.
 *
 * @throws SpanmillError OUTPUT_*, INPUT_*, and the signal's reason
 */
export async function finish(finished: Finished): Promise<void> {
  const { recipe, note } = finished;
  const lenses = recipe.lenses.filter(({ auxiliary }) => !auxiliary);
  const plain = modelFiles(modelOf(finished, lenses, new Map()));
  const float = await judged(finished, plain, "fp32", (judge) => validate(judge));
  const served = recipe.export.includes("int8") ? "int8" : "fp32";
  const { scores, calibrations } = await judged(finished, plain, served, async (judge) => {
    const fits: Calibration[] = [];
    for (const lens of lenses) fits.push(await calibrate(judge, lens));
    return { scores: served === "int8" ? await validate(judge) : undefined, calibrations: fits };
  });
  if (scores !== undefined) tellLosses(float, scores, note);
  const temperatures = new Map(calibrations.map(({ lens, temperature }) => [lens, temperature]));
  const model = modelOf(finished, lenses, temperatures);
  const files = new Map(modelFiles({ ...model, dtypes: recipe.export }));
  await writeFolder(recipe.output, withCard(files, cardOf(finished, model, float, scores, calibrations)));
}

/** A loss of more than this by quantisation is worth a word. */
const WORTH_A_WORD = 0.002;

function tellLosses(
  float: readonly ValidationScore[],
  int8: readonly ValidationScore[],
  note: (text: string) => void,
): void {
  float.forEach(({ set, lens, f1 }, i) => {
    const lost = f1 - int8[i]!.f1;
    if (lost <= WORTH_A_WORD) return;
    note(
      `int8 costs lens ${lens} ${(100 * lost).toFixed(2)} points on ${set}: ${(100 * f1).toFixed(2)} as float`,
    );
  });
}

async function judged<T>(
  { recipe, tokenizer, threads, signal }: Finished,
  files: ReadonlyMap<string, Uint8Array>,
  dtype: ServedDtype,
  work: (judge: Judge) => Promise<T>,
): Promise<T> {
  const session = await openGraphSession(files.get(ONNX_FILES[dtype])!, { threads });
  try {
    const encoder = fedEncoder(session, {}, tokenizer);
    const exported = { ...recipe, validation: exportedOnly(recipe) };
    return await work({ recipe: exported, tokenizer, encoder, signal });
  } finally {
    await session.release();
  }
}

function exportedOnly({ validation, lenses }: Recipe): Recipe["validation"] {
  const auxiliary = new Set(lenses.filter((lens) => lens.auxiliary).map(({ name }) => name));
  return validation.map((set) => ({ ...set, labels: set.labels.filter(({ lens }) => !auxiliary.has(lens)) }));
}

function modelOf(
  { recipe, base, weights }: Finished,
  lenses: readonly RecipeLens[],
  temperatures: ReadonlyMap<string, number>,
): TrainedModel {
  const { name, window, wordShapes } = recipe;
  const { config, configJson, tokenizer, tokenizerConfig } = base;
  return {
    name,
    config,
    configJson,
    weights,
    lenses: lenses.map((lens) => ({ ...lens, temperature: temperatures.get(lens.name) ?? 1 })),
    window,
    wordShapes,
    tokenizer,
    tokenizerConfig,
    dtypes: ["fp32", "int8"],
  };
}

function cardOf(
  { recipe, report, rebuild }: Finished,
  model: TrainedModel,
  float: readonly ValidationScore[],
  int8: readonly ValidationScore[] | undefined,
  calibrations: readonly Calibration[],
): ModelCard {
  const { card } = recipe;
  const { made } = aboutBase(recipe.base);
  const exported = new Set(model.lenses.map(({ name }) => name));
  return {
    name: model.name,
    summary: card.summary,
    languages: card.languages,
    licence: card.licence ?? made?.licence ?? { id: "other" },
    base: card.base ?? {
      name: made?.name ?? basename(recipe.base),
      licence: made?.licence?.name ?? made?.licence?.id ?? "not stated",
    },
    lenses: model.lenses,
    window: model.window,
    wordShapes: model.wordShapes,
    scores: float.map(
      ({ set, lens, f1, precision }, i): CardScore => ({
        set,
        lens,
        measure: precision === undefined ? "word accuracy" : "span F1",
        float: 100 * f1,
        int8: int8 && 100 * int8[i]!.f1,
      }),
    ),
    calibration: calibrations.filter(({ spans }) => spans > 0),
    sets: report.map(({ set, sentences, words, lenses }) => ({
      name: set,
      licence: recipe.sets.find(({ name }) => name === set)?.licence,
      lenses: lenses.map(({ lens }) => (exported.has(lens) ? lens : `${lens} (in training only)`)),
      sentences,
      words,
    })),
    limits: card.limits,
    rebuild,
  };
}
