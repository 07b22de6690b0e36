/** Recipes as files: YAML with the keys of `recipe-schema.ts`. */
import { basename, dirname, isAbsolute, join } from "node:path";
import type { z } from "zod";
import { complaint, placeOf } from "../complaint.js";
import { throwProblems } from "../config/problems.js";
import { placeAt, plainData, readYaml, type YamlFile } from "../config/yaml.js";
import { detectScheme } from "../tagging/schemes.js";
import { aboutBase } from "./about-base.js";
import { labelsOfTypes } from "./lens-labels.js";
import type { CardText, LabelSource, Recipe, RecipeLens, Schedule } from "./recipe.js";
import { checkLenses, checkRecipe, type RecipeProblem } from "./recipe-check.js";
import {
  type CardYaml,
  defaultCard,
  defaultSchedule,
  knownKeys,
  type LabelSourceYaml,
  type LensYaml,
  type RecipeYaml,
  recipeSchema,
  type ScheduleYaml,
} from "./recipe-schema.js";

/**
 * Reads `source`, the content of the file `path`. Paths in it are relative to its folder. Of the base, where it is there
 * already, the small files are read too: they bound the window.
 *
 * @param given what the command line says instead of the file, which then need not say it.
 * @throws SpanmillError CONFIG_INVALID with all that is wrong, each with its line and column
 */
export function readRecipe(
  path: string,
  source: string,
  given: { readonly base?: string | undefined; readonly output?: string | undefined } = {},
): Recipe {
  const file = readYaml(path, source);
  fail(file.problems);
  const parsed = recipeSchema.safeParse(plainData(file) ?? {});
  if (!parsed.success) fail(parsed.error.issues.flatMap((issue) => worded(file, issue)));
  const yaml = parsed.data!;
  const inFile = ({ path, what, of }: RecipeProblem) => `${placeAt(file, path, of).place}: ${what}`;
  // The labels of a lens that is wrong cannot be held against those of the sets.
  fail(checkLenses(yaml).map(inFile));
  const recipe = recipeOf(yaml, path, given);
  fail(checkRecipe(yaml, recipe, aboutBase(recipe.base).positions).map(inFile));
  return recipe;
}

/** The schedule where nothing is said. */
export function usualSchedule(): Schedule {
  return scheduleOf(defaultSchedule());
}

/** What the card says where nobody says anything. */
export function usualCard(name: string): CardText {
  return cardOf(defaultCard(), name);
}

/** Where the labels of a lens stand if nobody says: `upos` of CoNLL-U or the lens's key in MISC, else the last column. */
export function usualColumn(files: readonly string[], hasSpans: boolean): string | number {
  if (!/\.conllu(\.gz)?$/i.test(files[0] ?? "")) return -1;
  return hasSpans ? "misc" : "upos";
}

function fail(messages: readonly string[]): void {
  throwProblems(
    messages.map((message) => ({ code: "CONFIG_INVALID", message })),
    'The README explains recipes under "Training"',
  );
}

function worded(file: YamlFile, issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const { place } = placeAt(file, [...issue.path, key], "key");
      return `${place}: ${placeOf(issue)} ${complaint({ ...issue, keys: [key] }, knownKeys(issue.path))}`;
    });
  }
  const { place, found } = placeAt(file, issue.path);
  return [`${place}: ${placeOf(issue)} ${found ? wrong(issue) : "is missing"}`];
}

const KINDS: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "plain text",
  boolean: "true or false",
  array: "a list",
  object: "a mapping of keys to values",
  record: "a mapping of names to values",
};

function wrong(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type") return `is not ${KINDS[issue.expected] ?? "of the right form"}`;
  if (issue.code === "invalid_union") return "is not a name or a whole number";
  return complaint(issue);
}

function recipeOf(
  yaml: RecipeYaml,
  path: string,
  given: { readonly base?: string | undefined; readonly output?: string | undefined },
): Recipe {
  const beside = (file: string) => (isAbsolute(file) ? file : join(dirname(path), file));
  const pathOf = (flag: string | undefined, file: string | undefined) =>
    flag ?? (file === undefined ? "" : beside(file));
  const lenses = Object.entries(yaml.lenses).map(([name, lens]) => lensOf(name, lens));
  const shared = (set: RecipeYaml["sets"][number] | RecipeYaml["validation"][number]) => ({
    name: set.name ?? nameOf(set.files[0]!),
    files: set.files.map(beside),
    labels: Object.entries(set.labels).map(([lens, source]) =>
      sourceOf(lens, source, set.files, lenses, beside),
    ),
  });
  const output = pathOf(given.output, yaml.output);
  return {
    name: yaml.name ?? basename(output),
    base: pathOf(given.base, yaml.base),
    output,
    seed: yaml.seed,
    window: yaml.window,
    wordShapes: yaml["word-shapes"],
    lenses,
    sets: yaml.sets.map((set) => ({ ...shared(set), passes: set.passes, licence: set.licence })),
    validation: yaml.validation.map((set) => ({
      ...shared(set),
      context: set.context,
      decides: set.decides,
    })),
    schedule: scheduleOf(yaml.training),
    export: [...new Set(yaml.export)],
    card: cardOf(yaml.card, yaml.name ?? basename(output)),
  };
}

/** What a card says where nobody says more. */
function cardOf({ summary, base, licence, ...card }: CardYaml, name: string): CardText {
  return {
    ...card,
    summary: summary ?? `The token classifier ${name}, trained by spanmill.`,
    licence: licence && {
      id: licence.id,
      ...(licence.name === undefined ? {} : { name: licence.name }),
      ...(licence.link === undefined ? {} : { link: licence.link }),
    },
    base,
  };
}

/** `ner-conll2003/train.conll.gz` is `ner-conll2003/train`. */
function nameOf(file: string): string {
  const stem = basename(file).replace(/(\.(conllu?|jsonl|ndjson|txt|gz))+$/i, "");
  const folder = basename(dirname(file));
  return folder === "" || folder === "." || folder === ".." ? stem : `${folder}/${stem}`;
}

function lensOf(name: string, lens: LensYaml): RecipeLens {
  const { weight, auxiliary } = lens;
  if (lens.labels === undefined) {
    const scheme = lens.scheme ?? "BIO";
    const types = lens.types ?? [];
    return {
      name,
      scheme,
      labels: scheme === "none" ? types : labelsOfTypes(types, scheme),
      weight,
      auxiliary,
    };
  }
  const scheme = lens.scheme ?? detectScheme(lens.labels);
  const labels =
    scheme === "none"
      ? lens.labels
      : [...lens.labels.filter((label) => label === "O"), ...lens.labels.filter((label) => label !== "O")];
  return { name, scheme, labels, weight, auxiliary };
}

function sourceOf(
  lens: string,
  source: LabelSourceYaml,
  setFiles: readonly string[],
  lenses: readonly RecipeLens[],
  beside: (file: string) => string,
): LabelSource {
  const hasSpans = lenses.find(({ name }) => name === lens)?.scheme !== "none";
  return {
    lens,
    files: source.files?.map(beside),
    column: source.column ?? usualColumn(source.files ?? setFiles, hasSpans),
    rename: new Map(Object.entries(source.rename)),
    keep: source.keep === undefined ? undefined : new Set(source.keep),
    notAnnotated: source["not-annotated"],
    anyOf: new Map(Object.entries(source["any-of"])),
  };
}

function scheduleOf(yaml: ScheduleYaml): Schedule {
  return {
    epochs: yaml.epochs,
    batchPieces: yaml["batch-pieces"],
    rate: yaml.rate,
    headRate: yaml["head-rate"],
    layerDecay: yaml["layer-decay"],
    warmUp: yaml["warm-up"],
    weightDecay: yaml["weight-decay"],
    clip: yaml.clip,
    dropout: yaml.dropout,
    wordDropout: yaml["word-dropout"],
    wordEmbeddings: yaml["word-embeddings"],
    labelledPieces: yaml["labelled-pieces"],
    lowerCased: yaml["lower-cased"],
    upperCased: yaml["upper-cased"],
    averaged: yaml.averaged,
    patience: yaml.patience,
    checkpointEvery: yaml["checkpoint-every"],
  };
}
