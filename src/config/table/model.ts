/** Options on the models and how they are run. */
import { SCHEMES } from "../../tagging/schemes.js";
import { lensNames, modelSources } from "../model-values.js";
import type { OptionDeclaration } from "../option.js";
import { choice, integer, keyed, number, one, word } from "../values.js";

export const MODEL_OPTIONS = [
  {
    key: "model",
    value: modelSources(),
    absent: "the built-in model",
    group: "Model",
    commands: ["annotate", "run", "evaluate", "doctor"],
    doc: "A model folder; repeat it to take lenses from several (pos=DIR). In the variable, ; separates.",
  },
  {
    key: "lens",
    value: lensNames,
    absent: "all that the models have",
    group: "Model",
    commands: ["annotate", "run", "evaluate"],
    doc: "The lenses wanted, separated by commas or repeated.",
  },
  {
    key: "scheme",
    value: keyed("LENS", choice("SCHEME", SCHEMES), undefined),
    absent: "read from the labels",
    group: "Model",
    commands: ["annotate", "run", "evaluate"],
    doc: "How labels mark spans. IOB1 must be declared: its labels look like BIO.",
  },
  {
    key: "dtype",
    value: one(word("NAME", "a name such as auto, fp32, fp16, int8, q8, quantized, uint8, q4", /^\w+$/)),
    default: "auto",
    group: "Model",
    commands: ["annotate", "run", "evaluate", "models inspect"],
    doc: "Which onnx/model_*.onnx is loaded: fp32, fp16, int8, q8 (or quantized), uint8, q4 and so on.",
  },
  {
    key: "decode",
    value: one(choice("HOW", ["constrained", "argmax"])),
    default: "constrained",
    group: "Model",
    commands: ["annotate", "run", "evaluate"],
    doc: "The best well-formed label sequence, or the best label of each word, repaired as conlleval does.",
  },
  {
    key: "min-score",
    value: one(number("N", { min: 0, max: 1 })),
    default: "0",
    group: "Model",
    commands: ["annotate", "run"],
    doc: "Leaves out spans with a lower score.",
  },
  {
    key: "threads",
    value: one(integer("N", { min: 1, max: 1024 })),
    absent: "as many as the machine runs at once",
    group: "Model",
    commands: ["annotate", "run", "evaluate"],
    doc: "Worker threads, each with its own copy of the models. Answers do not depend on it.",
  },
] as const satisfies readonly OptionDeclaration[];
