/** `spanmill train`: a recipe, or labelled files alone, to a model folder. */
import { availableParallelism } from "node:os";
import type { TrainOptions } from "../config/options.js";
import { EXIT } from "../errors.js";
import { trainingProgress } from "../terminal/training-progress.js";
import { canRedraw, terminalTraits } from "../terminal/traits.js";
import { type MadeModel, makeModel } from "../training/make-model.js";
import { threadsOfRun } from "../training/position.js";
import type { Recipe } from "../training/recipe.js";
import type { TrainingEvents } from "../training/run.js";
import type { Context } from "./context.js";
import { howToResume, rebuildCommand } from "./resume.js";
import { openTrainingLog, type TrainingLog } from "./training-log.js";
import { trainingRecipe } from "./training-recipe.js";

/**
 * @param file of the recipe; undefined for the one-line form.
 * @param make what trains and exports: another one in tests.
 * @returns the exit status.
 */
export async function runTrain(
  file: string | undefined,
  options: TrainOptions,
  context: Context,
  make: typeof makeModel = makeModel,
): Promise<number> {
  const recipe = await trainingRecipe(file, options);
  const runDirectory = options.runDir ?? `${recipe.output.replace(/[\\/]+$/, "")}.run`;
  const log = openTrainingLog(runDirectory, options.resume);
  const { events, clear } = follow(recipe, log, options, context);
  try {
    const given = options.threads ?? (options.resume ? threadsOfRun(runDirectory) : undefined);
    const threads = given ?? availableParallelism();
    const { resume, maxSteps } = options;
    const signal = context.interrupted;
    const rebuild = rebuildCommand(context.argv, given);
    const made = await make(recipe, { runDirectory, threads, resume, maxSteps, signal, rebuild }, events);
    clear();
    const stopped = "checkpoint" in made;
    if (stopped) context.stderr.write(howToResume(made.step, context.argv));
    const best = made.best && { ...made.best, epoch: made.best.epoch + 1 };
    if (options.json) await context.print(JSON.stringify({ ...made, run: runDirectory, best }));
    else if (!stopped) await context.print(closingLine(made.folder, made.step, best));
    return made.reason === "interrupted" ? EXIT.interrupted : EXIT.ok;
  } finally {
    clear();
    log.close();
  }
}

function closingLine(folder: string, step: number, best: MadeModel["best"]): string {
  const epoch = best === null ? "" : `, weights of epoch ${best.epoch}`;
  return `the model is in ${folder} (${step} steps${epoch})`;
}

/** What a run tells goes to the log and to standard error. Epochs count from 1 there. */
function follow(recipe: Recipe, log: TrainingLog, options: TrainOptions, { stderr, env, clock }: Context) {
  const line = trainingProgress({
    write: (text) => stderr.write(text),
    clock,
    traits: terminalTraits(stderr, env),
    redraw: canRedraw(stderr, env),
    quiet: options.quiet,
    epochs: recipe.schedule.epochs,
  });
  let done = 0;
  const say = (text: string) => {
    line.clear();
    stderr.write(`${text}\n`);
  };
  const write = (entry: Parameters<TrainingLog["write"]>[0]) => {
    const failure = log.write(entry);
    if (failure !== undefined) say(`warning: ${failure}`);
  };
  const events: TrainingEvents = {
    step(event) {
      const counted = { ...event, epoch: event.epoch + 1 };
      done = event.step;
      write({ kind: "step", ...counted });
      line.step(counted);
    },
    epoch(event) {
      const counted = { ...event, epoch: event.epoch + 1 };
      write({ kind: "epoch", ...counted });
      line.epoch(counted);
    },
    note(text) {
      write({ kind: "note", step: done, text });
      if (!options.quiet) say(text);
    },
  };
  return { events, clear: () => line.clear() };
}
