/** Options on what is read. */
import { labelColumn } from "../model-values.js";
import type { OptionDeclaration } from "../option.js";
import { choice, integer, keyed, one, path, size, word } from "../values.js";

const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };

export const INPUT_OPTIONS = [
  {
    key: "from",
    value: one(choice("FORMAT", ["text", "lines", "jsonl", "conll", "conllu"])),
    absent: "by the extension of each file; standard input is text",
    group: "Input",
    commands: ["annotate"],
    doc: "How the input is read: a file as one text, a document on each line, or labelled documents.",
  },
  {
    key: "from",
    value: one(choice("FORMAT", ["conll", "conllu", "jsonl"])),
    absent: "by the extension of each file",
    group: "Input",
    commands: ["evaluate"],
    doc: "How the label files are read.",
  },
  {
    key: "field",
    value: one(word("NAME", "the name of a field")),
    default: "text",
    group: "Input",
    commands: ["annotate"],
    doc: "Where the text of a JSONL document is: a dotted path (ticket.body) or a JSON pointer (/ticket/body).",
  },
  {
    key: "id",
    value: one(word("NAME", "the name of a field")),
    default: "id",
    group: "Input",
    commands: ["annotate"],
    doc: "Where the id of a JSONL document is, written as for --field.",
  },
  {
    key: "max-document-size",
    value: one(size("SIZE", { min: "1", max: "256MiB" })),
    default: "16MiB",
    group: "Input",
    commands: ["annotate", "run"],
    doc: "Texts and lines above this size are rejected.",
  },
  {
    key: "skip",
    value: one(integer("N", COUNT)),
    default: "0",
    group: "Input",
    commands: ["annotate"],
    doc: "Leaves out the first N documents, which an interrupted run has already done.",
  },
  {
    key: "errors",
    value: one(path("FILE")),
    absent: "OUTPUT.errors.jsonl beside --output; without --output, standard error",
    group: "Input",
    commands: ["annotate"],
    doc: "Where rejected documents are listed, by line and reason.",
  },
  {
    key: "gold",
    value: one(path("FILE")),
    group: "Input",
    commands: ["evaluate"],
    doc: "A file with the right labels, to compare with --pred; no model is run.",
  },
  {
    key: "pred",
    value: one(path("FILE")),
    group: "Input",
    commands: ["evaluate"],
    doc: "A file with the labels to be scored, of the same words as --gold.",
  },
  {
    key: "column",
    value: keyed("LENS", labelColumn, undefined),
    absent: "the last column of CoNLL, upos of CoNLL-U",
    group: "Input",
    commands: ["evaluate"],
    doc: "Where the labels are: 1 is the first column, -1 the last, or upos or xpos of CoNLL-U.",
  },
] as const satisfies readonly OptionDeclaration[];
