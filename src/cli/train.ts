/** `spanmill train`: a recipe, or labelled files alone, to a model folder. */
import { availableParallelism } from "node:os";
import type { TrainOptions } from "../config/options.js";
import { EXIT } from "../errors.js";
import { trainingProgress } from "../terminal/training-progress.js";
import { canRedraw, terminalTraits } from "../terminal/traits.js";
import { makeModel } from "../training/make-model.js";
import { threadsOfRun } from "../training/position.js";
import type { Recipe } from "../training/recipe.js";
import type { EpochEvent, TrainingEvents } from "../training/run.js";
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
  const { events, outcome, clear } = follow(recipe, log, options, context);
  try {
    const given = options.threads ?? (options.resume ? threadsOfRun(runDirectory) : undefined);
    const threads = given ?? availableParallelism();
    const { resume, maxSteps } = options;
    const signal = context.interrupted;
    const rebuild = rebuildCommand(context.argv);
    const made = await make(recipe, { runDirectory, threads, resume, maxSteps, signal, rebuild }, events);
    clear();
    const stopped = "checkpoint" in made;
    if (stopped) context.stderr.write(howToResume(outcome.step, context.argv));
    if (options.json) await context.print(JSON.stringify({ ...made, run: runDirectory, ...outcome }));
    else if (!stopped) await context.print(closingLine(made.folder, outcome));
    return made.reason === "interrupted" ? EXIT.interrupted : EXIT.ok;
  } finally {
    clear();
    log.close();
  }
}

interface Outcome {
  /** Of all runs so far. */
  step: number;
  /** The best epoch that this run has seen. */
  best: EpochEvent | null;
}

function closingLine(folder: string, { step, best }: Outcome): string {
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
  const outcome: Outcome = { step: 0, best: null };
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
      outcome.step = event.step;
      write({ kind: "step", ...counted });
      line.step(counted);
    },
    epoch(event) {
      const counted = { ...event, epoch: event.epoch + 1 };
      if (event.best) outcome.best = counted;
      write({ kind: "epoch", step: outcome.step, ...counted });
      line.epoch(counted);
    },
    note(text) {
      write({ kind: "note", step: outcome.step, text });
      if (!options.quiet) say(text);
    },
  };
  return { events, outcome, clear: () => line.clear() };
}
