/** What `train` is asked to do: a recipe file or the one-line form, and the flags over it. */
import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { requireFiles } from "../adapters/files/paths.js";
import { BUILT_IN_MODEL } from "../adapters/model-folder/built-in.js";
import type { TrainOptions } from "../config/options.js";
import { SpanmillError, systemCode } from "../errors.js";
import { aboutBase } from "../training/about-base.js";
import { lensOfData } from "../training/labels-from-data.js";
import type { DataPart, LabelSource, Recipe } from "../training/recipe.js";
import { readRecipe, usualCard, usualSchedule } from "../training/recipe-file.js";
import { defaultExport } from "../training/recipe-schema.js";

/** @throws SpanmillError USAGE, CONFIG_INVALID, TRAINING_DATA, INPUT_* */
export async function trainingRecipe(file: string | undefined, options: TrainOptions): Promise<Recipe> {
  const { base, out: output } = options;
  const recipe =
    file === undefined ? await oneLine(options) : readRecipe(file, sourceOf(file), { base, output });
  if (resolve(recipe.base) === resolve(recipe.output)) {
    throw new SpanmillError(
      "USAGE",
      "the model would be written over its base: give another folder with --out",
    );
  }
  const { epochs, rate, batchPieces } = options;
  const schedule = {
    ...recipe.schedule,
    ...(epochs === undefined ? {} : { epochs }),
    ...(rate === undefined ? {} : { rate }),
    ...(batchPieces === undefined ? {} : { batchPieces }),
  };
  if (schedule.batchPieces < recipe.window) {
    throw new SpanmillError(
      "USAGE",
      `--batch-pieces: a batch of ${schedule.batchPieces} pieces cannot hold a window of ${recipe.window}`,
    );
  }
  return { ...recipe, schedule, seed: options.seed ?? recipe.seed };
}

function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = systemCode(error);
    throw code === "ENOENT" || code === "ENOTDIR"
      ? new SpanmillError(
          "INPUT_NOT_FOUND",
          `the recipe ${file} does not exist: check its name and the folder you are in`,
        )
      : new SpanmillError("INPUT_UNREADABLE", `the recipe ${file} cannot be read (${code ?? "unknown"})`);
  }
}

/** Which share of the data is held back where no other is given to choose the best epoch by. */
const HELD_BACK = 0.1;
/** As in recipes. */
const USUAL_WINDOW = 128;

async function oneLine(options: TrainOptions): Promise<Recipe> {
  const { data, dev, seed = 1 } = options;
  // The table has no rule that depends on the recipe's being there; `lintTrain` has.
  const [lens, output] = [options.lens[0]!, options.out!];
  requireFiles([...data, ...dev]);
  // What the training data never shows, and --dev has, is a label that is never found; a warning tells.
  const { scheme, labels, column } = await lensOfData(
    [...data, ...dev],
    lens,
    options.column.byName.get(lens) ?? options.column.otherwise,
  );
  const source: LabelSource = {
    lens,
    files: undefined,
    column,
    rename: new Map(),
    keep: undefined,
    notAnnotated: [],
    anyOf: new Map(),
  };
  const part = (side: DataPart["side"]) => (dev.length > 0 ? undefined : { side, share: HELD_BACK, seed });
  const name = basename(output);
  const base = options.base ?? BUILT_IN_MODEL;
  // A model keeps what it was trained with.
  const { made, positions } = aboutBase(base);
  return {
    name,
    base,
    output,
    seed,
    window: made?.window ?? Math.min(USUAL_WINDOW, positions ?? USUAL_WINDOW),
    wordShapes: made?.wordShapes ?? true,
    lenses: [{ name: lens, scheme, labels, weight: 1, auxiliary: false }],
    sets: [
      { name: "data", files: data, labels: [source], passes: 1, licence: undefined, part: part("kept") },
    ],
    validation: [
      {
        name: "dev",
        files: dev.length > 0 ? dev : data,
        labels: [source],
        context: "block",
        decides: true,
        part: part("held back"),
      },
    ],
    schedule: usualSchedule(),
    export: defaultExport(),
    card: usualCard(name),
  };
}
