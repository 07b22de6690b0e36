/** From a recipe to a model folder: training, then export. */
import { checkFolder } from "../adapters/model-folder/write-folder.js";
import { finish } from "./finish.js";
import type { Recipe } from "./recipe.js";
import type { TrainingEvents, TrainingOptions } from "./run.js";
import { train } from "./trainer.js";

/** A training that was stopped has a checkpoint to go on from; one that has ended has a model. */
export type MadeModel =
  | { readonly reason: "interrupted" | "max steps"; readonly checkpoint: string }
  | { readonly reason: "finished" | "early stop"; readonly folder: string };

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
  if ("checkpoint" in end) return end;
  const { base, tokenizer, report, best } = end;
  const { threads, rebuild } = options;
  const note = (text: string) => events.note(text);
  await finish({ recipe, base, tokenizer, report, weights: best.weights, threads, rebuild, note });
  return { reason: end.reason, folder: recipe.output };
}
