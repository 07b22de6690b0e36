/** Options on training. A recipe says more than they do; where both speak, the options count. */
import { labelColumn, lensNames } from "../model-values.js";
import type { OptionDeclaration } from "../option.js";
import { integer, keyed, list, number, one, path, toggle } from "../values.js";

const AT_LEAST_ONE = { min: 1, max: Number.MAX_SAFE_INTEGER };

export const TRAINING_OPTIONS = [
  {
    key: "data",
    value: list(path("FILE")),
    group: "Input",
    commands: ["train"],
    doc: "Labelled files to train on, where there is no recipe: CoNLL, CoNLL-U or JSONL spans. Repeat it for several.",
  },
  {
    key: "dev",
    value: list(path("FILE")),
    absent:
      "a tenth of the documents of --data, drawn by --seed; of its sentences where there are fewer than ten",
    group: "Input",
    commands: ["train"],
    doc: "Labelled files by which the best epoch is chosen.",
  },
  {
    key: "column",
    value: keyed("LENS", labelColumn, undefined),
    absent: "the last column of CoNLL; of CoNLL-U the lens's key in MISC, else upos",
    group: "Input",
    commands: ["train"],
    doc: "Where the labels of --data are: 1 is the first column, -1 the last, or upos or xpos of CoNLL-U.",
  },
  {
    key: "lens",
    value: lensNames,
    group: "Model",
    commands: ["train"],
    doc: "What the lens that --data teaches is called. Its labels are those of the data.",
  },
  {
    key: "base",
    value: one(path("DIR")),
    absent: "that of the recipe; without one, the built-in model",
    group: "Model",
    commands: ["train"],
    doc: "The encoder to start from: a Hugging Face folder of the BERT family with safetensors, or a model folder.",
  },
  {
    key: "out",
    short: "o",
    value: one(path("DIR")),
    absent: "that of the recipe",
    group: "Output",
    commands: ["train"],
    doc: "The folder of the model that is made.",
  },
  {
    key: "run-dir",
    value: one(path("DIR")),
    absent: "that of the model, with .run after it",
    group: "Output",
    commands: ["train"],
    doc: "Where checkpoints and log.jsonl go: a JSON object for each step and each epoch.",
  },
  {
    key: "epochs",
    value: one(integer("N", { min: 1, max: 1000 })),
    absent: "that of the recipe, else 4",
    group: "Training",
    commands: ["train"],
    doc: "How often the training data is read.",
  },
  {
    key: "rate",
    value: one(number("N", { min: 1e-7, max: 1, exponent: true })),
    absent: "that of the recipe, else 3e-4",
    group: "Training",
    commands: ["train"],
    doc: "The highest learning rate of the encoder's last layer.",
  },
  {
    key: "batch-pieces",
    value: one(integer("N", { min: 16, max: 65_536 })),
    absent: "that of the recipe, else 768",
    unit: "pieces",
    group: "Training",
    commands: ["train"],
    doc: "The size of a step, padding included.",
  },
  {
    key: "seed",
    value: one(integer("N", { min: 0, max: 2 ** 32 - 1 })),
    absent: "that of the recipe, else 1",
    group: "Training",
    commands: ["train"],
    doc: "All chance follows from it.",
  },
  {
    key: "threads",
    value: one(integer("N", { min: 1, max: 1024 })),
    absent: "as many as the machine runs at once; with --resume, those of the run",
    group: "Training",
    commands: ["train"],
    doc: "Threads that compute. Weights are the same to the last bit only for the same number.",
  },
  {
    key: "resume",
    value: one(toggle()),
    default: "false",
    group: "Training",
    commands: ["train"],
    doc: "Goes on from the newest checkpoint of the run.",
  },
  {
    key: "max-steps",
    value: one(integer("N", AT_LEAST_ONE)),
    absent: "all steps of all epochs",
    group: "Training",
    commands: ["train"],
    doc: "Stops after this many steps with a checkpoint, as Ctrl-C does; --resume goes on.",
  },
] as const satisfies readonly OptionDeclaration[];
