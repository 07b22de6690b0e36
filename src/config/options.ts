/**
 * The option table: every option of every command, declared once. Flags, variables, keys of the configuration
 * file, types of the parsed options, help and README table are made from it.
 *
 * Flag, variable and key follow from `key`: `max-document-size` is `--max-document-size`,
 * `SPANMILL_MAX_DOCUMENT_SIZE` and `max-document-size:`. A dot nests: `kafka.brokers` is `--kafka-brokers`,
 * `SPANMILL_KAFKA__BROKERS` and `brokers:` under `kafka:`. A switch also has `--no-KEY`. One key may be declared
 * twice for different commands, where they understand different values.
 */
import { OFFSET_UNITS } from "../offsets.js";
import { labelColumn, labelMappings, modelSources } from "./model-values.js";
import {
  choice,
  integer,
  keyed,
  list,
  number,
  one,
  path,
  size,
  toggle,
  type ValueType,
  word,
} from "./values.js";

export const COMMAND_NAMES = ["annotate", "evaluate", "models inspect", "schema", "doctor"] as const;
export type CommandName = (typeof COMMAND_NAMES)[number];

export const GROUPS = [
  "Input",
  "Model",
  "Scoring",
  "Output",
  "Text in the record",
  "Terminal",
  "General",
] as const;

export interface OptionDeclaration {
  readonly key: string;
  readonly short?: string;
  readonly value: ValueType<unknown>;
  /** In the value's own grammar. An option without one is undefined where it is not given (of many: empty). */
  readonly default?: string;
  /** What happens where nothing is given and there is no default. */
  readonly absent?: string;
  /** What a number counts. */
  readonly unit?: string;
  readonly group: (typeof GROUPS)[number];
  readonly commands: readonly CommandName[];
  readonly doc: string;
  /** The path of a file with a secret. Its value is never repeated in a message: it may be the secret itself. */
  readonly secret?: true;
  /** Not a key of the configuration file. */
  readonly notInFile?: true;
}

const LENS = "LENS";
const SCHEMES = ["BIO", "IOB1", "IO", "BIOES", "BILOU", "none"] as const;
const TEXT_POLICIES = ["none", "hmac", "masked", "full"] as const;
const lensNames = list(word(LENS, "the name of a lens", /^[\p{L}\p{N}_-]+$/u), { separator: /,/ });
const COUNT = { min: 0, max: Number.MAX_SAFE_INTEGER };
const off = { value: one(toggle()), default: "false" } as const;

export const OPTIONS = [
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
    commands: ["annotate"],
    doc: "Documents above this size are rejected.",
  },
  {
    key: "skip",
    value: one(integer("N", COUNT)),
    default: "0",
    unit: "documents",
    group: "Input",
    commands: ["annotate"],
    doc: "Leaves out the first N documents, which an interrupted run has already done.",
  },
  {
    key: "errors",
    value: one(path("FILE")),
    absent: "reported on standard error",
    group: "Input",
    commands: ["annotate"],
    doc: "Where rejected documents are listed, by number and reason.",
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
    value: keyed(LENS, labelColumn, undefined),
    absent: "the last column of CoNLL, upos of CoNLL-U",
    group: "Input",
    commands: ["evaluate"],
    doc: "Where the labels are: 1 is the first column, -1 the last, or upos or xpos of CoNLL-U.",
  },
  {
    key: "model",
    value: modelSources(),
    group: "Model",
    commands: ["annotate", "evaluate", "doctor"],
    doc: "A model folder; repeat it to take lenses from several (pos=DIR). In the variable, ; separates.",
  },
  {
    key: "lens",
    value: lensNames,
    absent: "all that the models have",
    group: "Model",
    commands: ["annotate", "evaluate"],
    doc: "The lenses wanted, separated by commas or repeated.",
  },
  {
    key: "scheme",
    value: keyed(LENS, choice("SCHEME", SCHEMES), undefined),
    absent: "read from the labels",
    group: "Model",
    commands: ["annotate", "evaluate"],
    doc: "How labels mark spans. IOB1 must be declared: its labels look like BIO.",
  },
  {
    key: "dtype",
    value: one(word("NAME", "a name such as auto, fp32, fp16, int8, q8, quantized, uint8, q4", /^\w+$/)),
    default: "auto",
    group: "Model",
    commands: ["annotate", "evaluate", "models inspect"],
    doc: "Which onnx/model_*.onnx is loaded: fp32, fp16, int8, q8 (or quantized), uint8, q4 and so on.",
  },
  {
    key: "decode",
    value: one(choice("HOW", ["constrained", "argmax"])),
    default: "constrained",
    group: "Model",
    commands: ["annotate", "evaluate"],
    doc: "The best well-formed label sequence, or the best label of each word, repaired as conlleval does.",
  },
  {
    key: "min-score",
    value: one(number("N", { min: 0, max: 1 })),
    default: "0",
    group: "Model",
    commands: ["annotate"],
    doc: "Leaves out spans with a lower score.",
  },
  {
    key: "threads",
    value: one(integer("N", { min: 1, max: 1024 })),
    absent: "as many as the machine runs at once",
    group: "Model",
    commands: ["annotate", "evaluate"],
    doc: "Worker threads, each with its own copy of the models. Answers do not depend on it.",
  },
  {
    key: "raw",
    ...off,
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
    key: "fail-under",
    value: one(number("F1", { min: 0, max: 1, note: "90 % is 0.9" })),
    group: "Scoring",
    commands: ["evaluate"],
    doc: "Fails where micro F1 (for tags: accuracy) of a lens is lower.",
  },
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
    ...off,
    group: "Output",
    commands: ["annotate"],
    doc: "Adds to --output, for going on with --skip; otherwise it is replaced.",
  },
  {
    key: "offset-unit",
    value: one(choice("UNIT", OFFSET_UNITS)),
    default: "code_point",
    group: "Output",
    commands: ["annotate"],
    doc: "What offsets count: code points (Python, SQL), UTF-16 units (JavaScript, Java) or bytes.",
  },
  {
    key: "words",
    ...off,
    group: "Output",
    commands: ["annotate"],
    doc: "Puts the words into the record, as columns.",
  },
  {
    key: "text",
    value: keyed("LABEL", choice("POLICY", TEXT_POLICIES), "full"),
    default: "full",
    group: "Text in the record",
    commands: ["annotate"],
    doc: "What the record holds of a span's text, for all labels or by label (full,PER=hmac): none, a keyed digest, a mask, or all of it.",
  },
  {
    key: "hmac-key-file",
    value: one(path("FILE")),
    secret: true,
    group: "Text in the record",
    commands: ["annotate"],
    doc: "The file with the key of --text hmac.",
  },
  {
    key: "include-text",
    ...off,
    group: "Text in the record",
    commands: ["annotate"],
    doc: "Puts the whole text that the offsets refer to into the record.",
  },
  {
    key: "show",
    ...off,
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
    key: "json",
    ...off,
    group: "Output",
    commands: ["evaluate", "models inspect", "doctor"],
    doc: "Prints JSON.",
  },
  {
    key: "quiet",
    ...off,
    group: "General",
    commands: ["annotate", "evaluate"],
    doc: "No progress and no summary on standard error.",
  },
  {
    key: "config",
    value: one(path("FILE")),
    notInFile: true,
    group: "General",
    commands: ["annotate", "evaluate"],
    doc: "A YAML or JSON file with options under their long names, without dashes (model: [DIR]).",
  },
] as const satisfies readonly OptionDeclaration[];

type Declared = (typeof OPTIONS)[number];
type DeclaredFor<O, C extends CommandName> = O extends { commands: readonly (infer N)[] }
  ? C extends N
    ? O
    : never
  : never;

type ValueOf<O> = O extends { value: ValueType<infer T, infer Many> }
  ? O extends { default: string }
    ? T
    : Many extends true
      ? T
      : T | undefined
  : never;

type CamelCase<K extends string> = K extends `${infer Head}${"-" | "."}${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : K;

/** The parsed options of a command: `max-document-size` is `maxDocumentSize`. */
export type OptionsOf<C extends CommandName> = {
  readonly [O in DeclaredFor<Declared, C> as CamelCase<O["key"]>]: ValueOf<O>;
};
export type AnnotateOptions = OptionsOf<"annotate">;
export type EvaluateOptions = OptionsOf<"evaluate">;
export type InspectOptions = OptionsOf<"models inspect">;
export type DoctorOptions = OptionsOf<"doctor">;

/** The options of a command, in the order of the groups. */
export function optionsOf(command: CommandName): readonly OptionDeclaration[] {
  const all: readonly OptionDeclaration[] = OPTIONS;
  const own = all.filter((option) => option.commands.includes(command));
  return GROUPS.flatMap((group) => own.filter((option) => option.group === group));
}

export function flagOf({ key }: OptionDeclaration): string {
  return `--${key.replaceAll(".", "-")}`;
}

export function variableOf({ key }: OptionDeclaration): string {
  return `SPANMILL_${key.replaceAll(".", "__").replaceAll("-", "_").toUpperCase()}`;
}

/** The name under which a parsed option is found (see `OptionsOf`). */
export function propertyOf({ key }: OptionDeclaration): string {
  return key.replaceAll(/[-.](.)/g, (_, letter: string) => letter.toUpperCase());
}
