/** Options on what a person sees, and the configuration file. */
import type { OptionDeclaration } from "../option.js";
import { choice, integer, one, path, toggle } from "../values.js";

export const TERMINAL_OPTIONS = [
  {
    key: "show",
    value: one(toggle()),
    default: "false",
    group: "Terminal",
    commands: ["annotate"],
    doc: "Shows highlighted spans on standard output beside --output.",
  },
  {
    key: "color",
    value: one(choice("WHEN", ["auto", "always", "never"])),
    default: "auto",
    group: "Terminal",
    commands: ["annotate"],
    doc: "Colours; auto: on a terminal that has them, unless NO_COLOR is set.",
  },
  {
    key: "width",
    value: one(integer("N", { min: 20, max: 10_000 })),
    absent: "that of the terminal",
    unit: "columns",
    group: "Terminal",
    commands: ["annotate"],
    doc: "Where highlighted text is wrapped.",
  },
  {
    key: "quiet",
    value: one(toggle()),
    default: "false",
    group: "General",
    commands: ["annotate", "evaluate", "train"],
    doc: "No progress and no summary on standard error.",
  },
  {
    key: "config",
    value: one(path("FILE")),
    notInFile: true,
    group: "General",
    commands: ["annotate", "run", "dlq list", "dlq show", "dlq replay", "evaluate", "train", "doctor"],
    doc: "A YAML or JSON file with options under their long names, without dashes (model: [DIR]).",
  },
] as const satisfies readonly OptionDeclaration[];
