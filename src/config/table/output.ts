/** Options on what is written, and how much of the text is in it. */
import { TEXT_POLICIES } from "../../document/surface.js";
import { OFFSET_UNITS } from "../../offsets.js";
import type { OptionDeclaration } from "../option.js";
import { choice, keyed, one, path, toggle } from "../values.js";

export const OUTPUT_OPTIONS = [
  {
    key: "to",
    value: one(choice("FORMAT", ["jsonl", "conll", "conllu", "brat", "terminal"])),
    absent: "terminal on a terminal, else jsonl",
    group: "Output",
    commands: ["annotate"],
    doc: "What is written.",
  },
  {
    key: "output",
    short: "o",
    value: one(path("FILE")),
    absent: "standard output",
    group: "Output",
    commands: ["annotate"],
    doc: "Where it is written; a folder for brat.",
  },
  {
    key: "append",
    value: one(toggle()),
    default: "false",
    group: "Output",
    commands: ["annotate"],
    doc: "Adds to --output, for going on with --skip; otherwise it is replaced.",
  },
  {
    key: "offset-unit",
    value: one(choice("UNIT", OFFSET_UNITS)),
    default: "code_point",
    group: "Output",
    commands: ["annotate", "run"],
    doc: "What offsets count: code points (Python, SQL), UTF-16 units (JavaScript, Java) or bytes.",
  },
  {
    key: "words",
    value: one(toggle()),
    default: "false",
    group: "Output",
    commands: ["annotate", "run"],
    doc: "Puts the words into the record, as columns.",
  },
  {
    key: "json",
    value: one(toggle()),
    default: "false",
    group: "Output",
    commands: ["run", "dlq list", "dlq show", "dlq replay", "evaluate", "train", "models inspect", "doctor"],
    doc: "Prints JSON.",
  },
  {
    key: "text",
    value: keyed("LABEL", choice("POLICY", TEXT_POLICIES), "full"),
    default: "full",
    group: "Text in the record",
    commands: ["annotate", "run"],
    doc: "What the record holds of a span's text, for all labels or by label (full,PER=hmac): none, a keyed digest, a mask, or all of it.",
  },
  {
    key: "hmac-key-file",
    value: one(path("FILE")),
    secret: true,
    group: "Text in the record",
    commands: ["annotate", "run"],
    doc: "The file with the key of --text hmac.",
  },
  {
    key: "include-text",
    value: one(toggle()),
    default: "false",
    group: "Text in the record",
    commands: ["annotate", "run"],
    doc: "Puts the whole text that the offsets refer to into the record.",
  },
] as const satisfies readonly OptionDeclaration[];
