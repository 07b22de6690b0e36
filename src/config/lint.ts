/** Rules over several options: combinations that cannot be meant, or would do something else than they say. */
import type { AnnotateOptions, EvaluateOptions, TrainOptions } from "./options.js";

/** What a rule may look at. `isFlag` tells whether an option stands on the command line itself: a shared
 * configuration file may well hold what one command does not need. */
export interface Linted<Options> {
  readonly files: readonly string[];
  readonly options: Options;
  readonly isFlag: (key: string) => boolean;
}

/** Gives what is wrong, one message for each rule that is broken. */
export function lintAnnotate(command: Linted<AnnotateOptions>): readonly string[] {
  const messages = ANNOTATE_RULES.map((rule) => rule(command)).filter((message) => message !== undefined);
  return [...messages, ...textRules(command.options)];
}

export function lintEvaluate(command: Linted<EvaluateOptions>): readonly string[] {
  return EVALUATE_RULES.map((rule) => rule(command)).filter((message) => message !== undefined);
}

export function lintTrain(command: Linted<TrainOptions>): readonly string[] {
  return TRAIN_RULES.map((rule) => rule(command)).filter((message) => message !== undefined);
}

type Rule<Options> = (command: Linted<Options>) => string | undefined;

const ANNOTATE_RULES: readonly Rule<AnnotateOptions>[] = [
  ({ options }) => modelTwice(options),
  ({ options: { text, to } }) =>
    (to === "conll" || to === "conllu" || to === "brat") && policies(text).some((policy) => policy !== "full")
      ? `--to ${to} writes the text itself, which --text keeps out; use --to jsonl`
      : undefined,
  ({ options: { to, output } }) =>
    to === "brat" && output === undefined ? "--to brat writes a folder: give --output FOLDER" : undefined,
  ({ options: { append, to } }) =>
    append && to === "brat"
      ? "--append does not go with --to brat: each document has its own files"
      : undefined,
  ({ options: { append, output } }) =>
    append && output === undefined ? "--append needs a file to add to: give --output FILE" : undefined,
  ({ options: { show, output, to } }) =>
    show && output === undefined && to !== "terminal"
      ? "--show needs --output FILE: standard output cannot hold both; or use --to terminal"
      : undefined,
  ({ files, options: { output } }) =>
    output !== undefined && files.includes(output)
      ? "--output is one of the input files, which it would destroy; give another name"
      : undefined,
  ({ files, options: { errors, output } }) =>
    errors !== undefined && (errors === output || files.includes(errors))
      ? "--errors is also an input file or --output; give another name"
      : undefined,
];

/** Options that only concern a model, so they say nothing about two label files. */
const MODEL_FLAGS = ["model", "dtype", "decode", "threads", "context", "join-to", "calibration"];

const EVALUATE_RULES: readonly Rule<EvaluateOptions>[] = [
  ({ options }) => modelTwice(options),
  ({ options: { gold, pred } }) =>
    gold !== undefined && pred === undefined
      ? "--gold needs --pred FILE, the labels to be scored (with a model, name the labelled files without --gold)"
      : undefined,
  ({ options: { gold, pred } }) =>
    pred !== undefined && gold === undefined ? "--pred needs --gold FILE, the right labels" : undefined,
  ({ files, options: { gold, pred } }) =>
    files.length > 0 && gold !== undefined && pred !== undefined
      ? "--gold and --pred are the files compared; leave the others out"
      : undefined,
  ({ files, options: { gold, pred } }) =>
    files.length === 0 && gold === undefined && pred === undefined
      ? "nothing to evaluate: name labelled files, or give --gold FILE and --pred FILE"
      : undefined,
  ({ options: { raw, gold } }) =>
    raw && gold !== undefined
      ? "--raw runs a model on raw text; with --gold and --pred none is run: leave one of them out"
      : undefined,
  ({ options: { gold }, isFlag }) => {
    const flags = gold === undefined ? [] : MODEL_FLAGS.filter(isFlag).map((key) => `--${key}`);
    if (flags.length === 0) return undefined;
    return `${flags.join(", ")}: no model is run with --gold and --pred; leave ${flags.length > 1 ? "them" : "it"} out`;
  },
  ({ options: { raw }, isFlag }) => {
    const flags = raw ? ["mode", "context", "calibration"].filter(isFlag).map((key) => `--${key}`) : [];
    return flags.length === 0
      ? undefined
      : `${flags.join(", ")}: --raw scores blocks of raw text as CoNLL 2018 did; leave ${flags.length > 1 ? "them" : "it"} out`;
  },
  ({ options: { context }, isFlag }) =>
    context !== "block" && isFlag("join-to")
      ? `--join-to is about blocks and says nothing with --context ${context}; leave one of them out`
      : undefined,
];

const TRAIN_RULES: readonly Rule<TrainOptions>[] = [
  ({ files, options: { data } }) =>
    files.length === 0 && data.length === 0
      ? "nothing to train on: name a recipe, or give --data FILE, --lens NAME and --out DIR"
      : undefined,
  ({ files, isFlag }) => {
    const flags =
      files.length === 0 ? [] : ["data", "dev", "column", "lens"].filter(isFlag).map((key) => `--${key}`);
    if (flags.length === 0) return undefined;
    return `${flags.join(", ")}: the recipe names its data; leave ${flags.length > 1 ? "them" : "it"} out, or the recipe`;
  },
  ({ files, options: { data, lens } }) =>
    files.length === 0 && data.length > 0 && lens.length !== 1
      ? "--data needs --lens NAME, what the one lens that it teaches is called"
      : undefined,
  ({ files, options: { data, out } }) =>
    files.length === 0 && data.length > 0 && out === undefined
      ? "--data needs --out DIR, the folder of the model that is made"
      : undefined,
];

/** What a record may hold of the text. */
export function textRules({
  text,
  hmacKeyFile,
  includeText,
}: Pick<AnnotateOptions, "text" | "hmacKeyFile" | "includeText">): readonly string[] {
  const wanted = policies(text);
  return [
    ...(hmacKeyFile === undefined && wanted.includes("hmac")
      ? ["--text hmac needs a key: give --hmac-key-file FILE"]
      : []),
    ...(includeText && wanted.some((policy) => policy !== "full")
      ? [
          "--include-text puts the whole text into the record, which --text keeps out of it; leave one of them out",
        ]
      : []),
  ];
}

function policies(text: AnnotateOptions["text"]): readonly string[] {
  return [text.otherwise, ...text.byName.values()];
}

export function modelTwice({ model }: Pick<AnnotateOptions, "model">): string | undefined {
  const lenses = model.flatMap((source) => source.lenses ?? []);
  const twice = lenses.find((lens, index) => lenses.indexOf(lens) !== index);
  return twice === undefined
    ? undefined
    : `--model gives the lens ${twice} twice; each lens comes from one folder`;
}
