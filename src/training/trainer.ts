/** A training from its recipe to its best weights, with checkpoints on the way. */
import { mkdirSync } from "node:fs";
import { wordTokenizer } from "../adapters/huggingface/tokenizer.js";
import { openGraphSession } from "../adapters/onnx/graph-session.js";
import { SpanmillError } from "../errors.js";
import type { WordTokenizer } from "../tagging/pieces.js";
import { type Base, readBase } from "./base.js";
import type { Batching, MixedSet } from "./batches.js";
import type { TrainingDocument } from "./document.js";
import { documentEncoder } from "./encoded.js";
import { trainEpochs } from "./epochs.js";
import { goOn } from "./go-on.js";
import { adjustableOf, identityOf } from "./identity.js";
import { openLearner } from "./learner.js";
import { type ReadSets, readSets } from "./read-sets.js";
import type { Recipe } from "./recipe.js";
import type { Run, TrainingEnd, TrainingEvents, TrainingOptions } from "./run.js";
import { requireTeachable } from "./set-labels.js";
import { setsToCheck } from "./validation-sets.js";

/** @throws SpanmillError MODEL_*, INPUT_*, OUTPUT_*, TRAINING_DIVERGED, CHECKPOINT_BROKEN */
export async function train(
  recipe: Recipe,
  options: TrainingOptions,
  events: TrainingEvents,
): Promise<TrainingEnd> {
  mkdirSync(options.runDirectory, { recursive: true });
  const base = readBase(recipe.base, recipe.wordShapes, recipe.lenses);
  requireWindow(recipe, base);
  const tokenizer = wordTokenizer({ ...base.tokenizer }, { ...base.tokenizerConfig }, READ_ALONE);
  const data = await readData(recipe);
  const unseen = requireTeachable(recipe.lenses, data.sets, data.report);
  for (const warning of [...data.warnings, ...unseen]) events.note(warning);
  const identity = await identityOf(recipe, data.sets, base.files, options.threads);
  const learner = await openLearner({
    recipe,
    config: base.config,
    sets: data.sets,
    base: base.weights,
    open: (graph) => openGraphSession(graph, { threads: options.threads }),
  });
  const run: Run = {
    recipe,
    options,
    events,
    base,
    tokenizer,
    learner,
    batching: batchingOf(recipe, tokenizer, events.note),
    sets: encodeSets(recipe, data.documents, tokenizer),
    report: data.report,
    mean: new Map(),
    position: {
      ...START,
      identity,
      threads: options.threads,
      adjustable: adjustableOf(recipe.schedule),
    },
  };
  try {
    if (options.resume) goOn(run);
    return await trainEpochs(run);
  } finally {
    await learner.release();
  }
}

function requireWindow({ window }: Recipe, { config }: Base): void {
  if (window <= config.positions) return;
  throw new SpanmillError(
    "USAGE",
    `windows of ${window} pieces, but the encoder of the base reads ${config.positions}: set window to that or less`,
  );
}

/** The training sets. The validation sets are looked at too: the time to find their faults is before the training. */
async function readData(recipe: Recipe): Promise<ReadSets> {
  const { documents, report, ...rest } = await readSets(recipe, [...recipe.sets, ...setsToCheck(recipe)]);
  const trained = recipe.sets.length;
  return { ...rest, documents: documents.slice(0, trained), report: report.slice(0, trained) };
}

const START = { format: 2, step: 0, epoch: 0, batch: 0, averaged: 0, best: null, waited: 0 } as const;

/** Words are read as `is_split_into_words` reads them. */
const READ_ALONE = { blankBeforeWord: "always" } as const;

function batchingOf(recipe: Recipe, tokenizer: WordTokenizer, note: (text: string) => void): Batching {
  const { seed, window, wordShapes, lenses, schedule } = recipe;
  const { prefix, suffix } = tokenizer;
  // Another case changes a word's shape alone; where its pieces would change too, the two would contradict each other.
  const recases = wordShapes && lowerCases(tokenizer);
  if (!recases && schedule.lowerCased + schedule.upperCased > 0)
    note(
      "lower-cased and upper-cased count as 0: they need word shapes, and a tokenizer that reads capitals as small letters",
    );
  return {
    seed,
    prefix,
    suffix,
    wordShapes,
    lenses: lenses.length,
    room: window - prefix.length - suffix.length,
    batchPieces: schedule.batchPieces,
    labelledPieces: schedule.labelledPieces,
    lowerCased: recases ? schedule.lowerCased : 0,
    upperCased: recases ? schedule.upperCased : 0,
    wordDropout: schedule.wordDropout,
    unknown: tokenizer.unknown,
  };
}

function lowerCases({ encode }: WordTokenizer): boolean {
  return ["The", "London", "NASA"].every(
    (word) => encode(word, true).join() === encode(word.toLowerCase(), true).join(),
  );
}

function encodeSets(
  recipe: Recipe,
  documents: readonly (readonly TrainingDocument[])[],
  tokenizer: WordTokenizer,
): MixedSet[] {
  const encode = documentEncoder(
    tokenizer,
    recipe.window - tokenizer.prefix.length - tokenizer.suffix.length,
  );
  return recipe.sets.map(({ passes }, i) => ({ documents: documents[i]!.flatMap(encode), passes }));
}
