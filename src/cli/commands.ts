/** The commands: what each is for, what it takes beside options, and examples of its use. */
import type { CommandName } from "../config/option.js";

export interface CommandDeclaration {
  readonly summary: string;
  /** What the help of the command says beside it. */
  readonly notes?: string;
  /** What stands on the command line that is no option. */
  readonly operand?: {
    /** The property of the parsed command. */
    readonly name: string;
    readonly placeholder: string;
    readonly many: boolean;
    /** May be left out where there is but one. */
    readonly optional?: true;
    readonly doc: string;
  };
  readonly examples: readonly { readonly line: string; readonly what: string }[];
}

export const COMMANDS = {
  annotate: {
    summary: "Labels documents and writes exact spans.",
    operand: {
      name: "files",
      placeholder: "FILES",
      many: true,
      doc: "files to read, - for standard input; without any, standard input is read",
    },
    examples: [
      { line: "spanmill annotate --model models/ner mail.txt", what: "highlighted spans on a terminal" },
      {
        line: "spanmill annotate --model models/ner --field body tickets.jsonl -o spans.jsonl --errors rejected.jsonl",
        what: "a record for each line, rejected documents listed aside",
      },
      {
        line: "spanmill annotate --model ner=models/ner --model pos=models/pos --to conllu < mail.txt",
        what: "two lenses, each from its own folder",
      },
    ],
  },
  run: {
    summary: "Runs the worker: documents from Kafka or files in, records out, until it is told to stop.",
    operand: {
      name: "files",
      placeholder: "FILES",
      many: true,
      doc: "files to read, where no Kafka is read",
    },
    examples: [
      { line: "spanmill run examples/tickets.jsonl", what: "records of files on standard output" },
      {
        line: "spanmill run --config worker.yaml --dry-run",
        what: "checks brokers, topics, rights and models",
      },
      {
        line: "spanmill run --source kafka --sink kafka --kafka-brokers localhost:9092 --kafka-group spanmill --kafka-topics tickets",
        what: "from a topic to spanmill.documents and others",
      },
    ],
  },
  "dlq list": {
    summary: "Lists dead letters: where each came from, why it failed, how often.",
    operand: {
      name: "files",
      placeholder: "FILES",
      many: true,
      doc: "files of dead letters; without any, the topic is read, to its end as of now",
    },
    examples: [
      { line: "spanmill dlq list --config worker.yaml", what: "the topic that the worker writes to" },
      {
        line: "spanmill dlq list --config worker.yaml --code DOCUMENT_TOO_LARGE --since 2h --json",
        what: "what became too large of late, for a program",
      },
      { line: "spanmill dlq list dead-letters.jsonl", what: "of a worker that writes files" },
    ],
  },
  "dlq show": {
    summary: "Shows the headers of a dead letter and, only when asked to, its document.",
    operand: {
      name: "place",
      placeholder: "PLACE",
      many: false,
      doc: "PARTITION/OFFSET in the topic (or TOPIC/PARTITION/OFFSET), or FILE:LINE, as `dlq list` prints it",
    },
    examples: [
      {
        line: "spanmill dlq show 0/17 --config worker.yaml",
        what: "headers, and sizes of what they do not say",
      },
      {
        line: "spanmill dlq show 0/17 --config worker.yaml --value > document.bin",
        what: "the document, byte for byte",
      },
    ],
  },
  "dlq replay": {
    summary: "Sends dead letters back to where their documents came from, with their bytes and revision.",
    notes:
      "How far it got is kept in a consumer group of its own, one for each choice of letters (filters, target, " +
      "--max-failures): the same command goes on where the last one stopped, another choice begins with the oldest " +
      "letter. What was sent just before a crash is sent twice, which makes the same records twice.",
    operand: {
      name: "files",
      placeholder: "FILES",
      many: true,
      doc: "files of dead letters; without any, the topic is read, to its end as of now",
    },
    examples: [
      {
        line: "spanmill dlq replay --config worker.yaml --code DOCUMENT_TOO_LARGE --dry-run",
        what: "what would be sent",
      },
      { line: "spanmill dlq replay --config worker.yaml --code DOCUMENT_TOO_LARGE", what: "sends it" },
      {
        line: "spanmill dlq replay dead-letters.jsonl --kafka-brokers localhost:9092 --to-topic tickets",
        what: "from a file to a topic",
      },
    ],
  },
  evaluate: {
    summary: "Scores a model on labelled files, or one label file against another.",
    operand: { name: "files", placeholder: "FILES", many: true, doc: "labelled files, gzipped or not" },
    examples: [
      { line: "spanmill evaluate --model models/ner dev.conll", what: "precision, recall and F1 by type" },
      {
        line: "spanmill evaluate --gold dev.conllu --pred system.conllu --column pos=upos --json",
        what: "two label files from any tool, without a model",
      },
      {
        line: "spanmill evaluate --model models/ner --map PERSON=PER,GPE=LOC --labels PER,LOC news.conll",
        what: "a set with other names, on the labels both know",
      },
    ],
  },
  train: {
    summary: "Fine-tunes an encoder on labelled words, and writes a model folder.",
    operand: {
      name: "recipe",
      placeholder: "RECIPE.yaml",
      many: false,
      optional: true,
      doc: "what to train on what; without one, --data, --lens and --out say it",
    },
    examples: [
      { line: "spanmill train recipe.yaml --epochs 2", what: "as the recipe says, but for two epochs" },
      {
        line: "spanmill train --data my.conll --lens ticket --base models/english --out models/mine",
        what: "a lens of your own, its labels read from the data",
      },
      { line: "spanmill train recipe.yaml --resume", what: "goes on after Ctrl-C or a power cut" },
    ],
  },
  "models inspect": {
    summary: "Tells what a model folder holds and whether it can work.",
    operand: { name: "dir", placeholder: "DIR", many: false, doc: "the model folder" },
    examples: [
      { line: "spanmill models inspect models/ner", what: "lenses, labels, scheme, window, checksums" },
      {
        line: "spanmill models inspect models/ner --dtype fp32 --json",
        what: "another ONNX file, for a program",
      },
    ],
  },
  schema: {
    summary: "Prints the JSON Schema of the record.",
    examples: [{ line: "spanmill schema > record.schema.json", what: "for a validator or a code generator" }],
  },
  doctor: {
    summary: "Checks Node, ONNX Runtime, threads, telemetry, models, and what a worker needs.",
    examples: [
      { line: "spanmill doctor", what: "is this machine fit" },
      { line: "spanmill doctor --model models/ner --json", what: "with a model's checksums, for a program" },
      { line: "spanmill doctor --config worker.yaml", what: "and brokers, topics, rights, sizes and Redis" },
    ],
  },
} as const satisfies Record<CommandName, CommandDeclaration>;
