/** Options on how labels are compared. */
import { labelMappings } from "../model-values.js";
import type { OptionDeclaration } from "../option.js";
import { choice, integer, list, number, one, toggle, word } from "../values.js";

export const SCORING_OPTIONS = [
  {
    key: "raw",
    value: one(toggle()),
    default: "false",
    group: "Scoring",
    commands: ["evaluate"],
    doc: "From raw text, not from gold words: words, sentences and labels scored as in CoNLL 2018.",
  },
  {
    key: "context",
    value: one(choice("HOW", ["block", "sentence", "document"])),
    default: "block",
    group: "Scoring",
    commands: ["evaluate"],
    doc: "What the model sees at once; block is what annotate does.",
  },
  {
    key: "join-to",
    value: one(integer("N", { min: 0, max: 1_000_000 })),
    absent: "as in annotate",
    unit: "characters",
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Short paragraphs are joined until they have this size.",
  },
  {
    key: "mode",
    value: one(choice("MODE", ["conlleval", "seqeval", "seqeval-strict"])),
    default: "conlleval",
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Whose reading of ill-formed label sequences is followed.",
  },
  {
    key: "map",
    value: labelMappings(),
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Reads label A as B on both sides; A= drops A.",
  },
  {
    key: "labels",
    value: list(word("LABEL,...", "a label"), { separator: /,/ }),
    absent: "all",
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Scores these labels alone, for a set in which the others are not annotated.",
  },
  {
    key: "calibration",
    value: one(toggle()),
    default: "false",
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Tells how far scores are from the share that is right, with the model's temperatures and without.",
  },
  {
    key: "fail-under",
    value: one(number("F1", { min: 0, max: 1, note: "90 % is 0.9" })),
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Fails where micro F1 (for tags: accuracy) of a lens is lower.",
  },
] as const satisfies readonly OptionDeclaration[];
