/** From a recipe to a model folder: training, then export. */
import { checkFolder } from "../adapters/model-folder/write-folder.js";
import { SpanmillError } from "../errors.js";
import { finish } from "./finish.js";
import type { Recipe } from "./recipe.js";
import type { Progress, TrainingEvents, TrainingOptions } from "./run.js";
import { train } from "./trainer.js";

/** A training that was stopped has a checkpoint to go on from; one that has ended has a model. */
export type MadeModel = Progress &
  (
    | { readonly reason: "interrupted" | "max steps"; readonly checkpoint: string }
    | { readonly reason: "finished" | "early stop"; readonly folder: string }
  );

/**
 * @param rebuild the command that makes the model again, for its card.
 * @throws SpanmillError MODEL_*, INPUT_*, OUTPUT_*, TRAINING_*, CHECKPOINT_BROKEN
 */
export async function makeModel(
  recipe: Recipe,
  options: TrainingOptions & { readonly rebuild: string },
  events: TrainingEvents,
): Promise<MadeModel> {
  await checkFolder(recipe.output);
  const end = await train(recipe, options, events);
  const { checkpoint, progress } = end;
  if (!("best" in end)) return { reason: end.reason, checkpoint, ...progress };
  const { base, tokenizer, report, best } = end;
  const { threads, signal, rebuild } = options;
  const note = (text: string) => events.note(text);
  try {
    await finish({ recipe, base, tokenizer, report, weights: best.weights, threads, signal, rebuild, note });
  } catch (error) {
    if (!signal.aborted || error instanceof SpanmillError) throw error;
    return { reason: "interrupted", checkpoint, ...progress };
  }
  return { reason: end.reason, folder: recipe.output, ...progress };
}
