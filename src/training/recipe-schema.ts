/** The keys of a recipe file, what their values may be, and what holds where they are left out. */
import { z } from "zod";
import { SCHEMES } from "../tagging/schemes.js";
import type { ServedDtype } from "./export/served-graph.js";

/** YAML reads a bare 1 as a number; as a label it is a name like any other. */
const label = z.preprocess(asText, z.string().min(1));
const labels = z.preprocess(asList, z.array(label));
const files = z.preprocess(asList, z.array(z.string().min(1)).min(1));
const share = z.number().min(0).max(1);

/** Where the labels of a lens stand; nothing at all stands for the usual column. */
const labelSourceFields = z.strictObject({
  column: z
    .union([z.int(), z.string().min(1)])
    .optional()
    .describe(
      "1 is the first column, -1 the last, or a column of CoNLL-U by name; without it the last one, in CoNLL-U `upos` or the lens's key in MISC",
    ),
  files: files
    .optional()
    .describe("label files with the same sentences, where the labels are not in those of the set"),
  rename: z
    .record(
      z.string(),
      z.preprocess((value) => asText(value ?? ""), z.string()),
    )
    .default({})
    .describe("new names of tags or types; an empty one drops it"),
  keep: labels.optional().describe("the only types that count, after renaming"),
  "not-annotated": labels
    .default([])
    .describe("types that the set does not mark: its O means O or one of those"),
  "any-of": z
    .record(z.string(), z.preprocess(asList, z.array(label).min(1)))
    .default({})
    .describe("tags that stand for any of several labels, in training sets"),
});
const labelSource = z.preprocess((value) => value ?? {}, labelSourceFields);

const lens = z.strictObject({
  types: labels.optional().describe("types of its spans; labels follow from them and the scheme"),
  labels: labels.optional().describe("all labels, in the place of types"),
  scheme: z
    .enum(SCHEMES)
    .optional()
    .describe(
      "how labels mark spans, `none` for a label of every word; without it BIO, or what the labels show",
    ),
  weight: z.number().gt(0).max(1000).default(1).describe("of its loss in the sum"),
  auxiliary: z.boolean().default(false).describe("trained to help the others, and not exported"),
});

const trainingSet = z.strictObject({
  name: z.string().min(1).optional().describe("in reports and the card; without it, by its first file"),
  files: files.describe("CoNLL, CoNLL-U or JSONL spans, gzipped or not"),
  licence: z.string().min(1).optional().describe("for the card"),
  passes: z
    .number()
    .gt(0)
    .max(100)
    .default(1)
    .describe("how often an epoch reads each document; 0.5 reads half of them, in turns"),
  labels: z
    .record(z.string(), labelSource)
    .describe("by lens, where its labels are; nothing stands for the usual column"),
});

const validationSet = z.strictObject({
  name: z.string().min(1).optional().describe("as that of a training set"),
  files: files.describe("as those of a training set"),
  labels: z.record(z.string(), labelSource).describe("by lens, as in a training set"),
  context: z
    .enum(["block", "sentence", "document"])
    .default("block")
    .describe("how much is read at once: `block` as served, `sentence`, or `document`"),
  decides: z.boolean().default(true).describe("whether the choice of the best epoch looks at it"),
});

/**
 * Rates are larger than those usual for BERT-base: narrow encoders take more (Turc et al. 2019 choose among 3e-5 to
 * 3e-4 for theirs), and a head begins with nothing.
 */
const schedule = z.strictObject({
  epochs: z.int().min(1).max(1000).default(4).describe("how often the data is read"),
  "batch-pieces": z.int().min(16).max(65_536).default(768).describe("size of a step, padding included"),
  rate: z.number().gt(0).max(1).default(3e-4).describe("highest learning rate of the encoder's last layer"),
  "head-rate": z.number().gt(0).max(1).default(1e-3).describe("highest learning rate of the heads"),
  "layer-decay": z
    .number()
    .gt(0)
    .max(1)
    .default(0.9)
    .describe("rate of a layer, of that of the one above it"),
  "warm-up": share
    .default(0.06)
    .describe("share of the steps in which rates rise; then they fall to 0 in a line"),
  "weight-decay": share.default(0.01).describe("of AdamW"),
  clip: z.number().min(0).max(1e6).default(1).describe("largest norm of all gradients together; 0 for none"),
  dropout: z.number().min(0).lt(1).default(0.1).describe("share that is left out"),
  "word-dropout": z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .describe(
      "share of the words that are read as unknown, so that labels are learnt from what stands around",
    ),
  "word-embeddings": z.enum(["trained", "frozen"]).default("trained").describe("`trained` or `frozen`"),
  "labelled-pieces": z
    .enum(["first", "all"])
    .default("first")
    .describe("pieces of a word that carry its label: `first` or `all`"),
  "lower-cased": share
    .default(0.06)
    .describe(
      "share of windows read as if in small letters, with word shapes and a tokenizer that reads capitals so",
    ),
  "upper-cased": share.default(0.04).describe("share of windows read as if in capitals, likewise"),
  averaged: share
    .default(0)
    .describe("share of the steps, at the end, whose weights are averaged; 0 for the last weights"),
  patience: z
    .int()
    .min(0)
    .max(1000)
    .default(0)
    .describe("epochs without a better score after which it stops; 0 for never"),
  "checkpoint-every": z
    .int()
    .min(1)
    .max(1_000_000)
    .default(500)
    .describe("steps from one checkpoint to the next"),
});

const exported = z.preprocess(
  asList,
  z
    .array(z.enum(["int8", "fp32"] satisfies ServedDtype[]))
    .min(1)
    .default(["int8", "fp32"]),
);

const text = z.string().min(1);
const named = z.strictObject({ name: text, licence: text.default("not stated") });

const card = z.strictObject({
  summary: text.optional().describe("what the model is, and what for"),
  languages: z.array(text).default(["en"]).describe("ISO 639 codes"),
  licence: z
    .strictObject({ id: text, name: text.optional(), link: text.optional() })
    .optional()
    .describe(
      "`id`, `name` and `link` of the model's; without it that of a base that spanmill made, else `other`",
    ),
  base: named.optional().describe("`name` and `licence` of the base; without it, what it says of itself"),
  limits: z.array(text).default([]).describe("a sentence each"),
});

export const recipeSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .optional()
    .describe("of the model, in records; without it that of the output folder"),
  base: z
    .string()
    .min(1)
    .optional()
    .describe("a Hugging Face folder of the BERT family, or a model folder; `--base` comes first"),
  output: z.string().min(1).optional().describe("folder of the model; `--out` comes first"),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1)
    .describe("all chance follows from it"),
  window: z
    .int()
    .min(16)
    .max(512)
    .default(128)
    .describe("most pieces of a window, in training and where the model is served"),
  "word-shapes": z.boolean().default(true).describe("feed the words' shapes in the place of token types"),
  lenses: z.record(z.string(), lens).describe("what is trained, by name"),
  sets: z.array(trainingSet).min(1).describe("what it is trained on"),
  validation: z.array(validationSet).default([]).describe("what each epoch is judged by"),
  training: schedule.prefault({}).describe("how it is trained"),
  export: exported.describe(
    "forms of the ONNX file that are written; int8 is the one that is loaded where it is there",
  ),
  card: card.prefault({}).describe("what the model card says"),
});

/** The rooms of a recipe, by what stands before their keys. */
export const RECIPE_ROOMS: Readonly<Record<string, Readonly<Record<string, z.ZodType>>>> = {
  "": recipeSchema.shape,
  "lenses.LENS.": lens.shape,
  "sets.N.": trainingSet.shape,
  "validation.N.": validationSet.shape,
  "labels.LENS.": labelSourceFields.shape,
  "training.": schedule.shape,
  "card.": card.shape,
};

export type RecipeYaml = z.output<typeof recipeSchema>;
export type LensYaml = z.output<typeof lens>;
export type LabelSourceYaml = z.output<typeof labelSource>;
export type CardYaml = z.output<typeof card>;
export type ScheduleYaml = z.output<typeof schedule>;

/** The defaults of a schedule. */
export function defaultSchedule(): ScheduleYaml {
  return schedule.parse({});
}

/** The forms that are written where nobody says which. */
export function defaultExport(): readonly ServedDtype[] {
  return exported.parse(undefined);
}

/** A card of which nobody says anything. */
export function defaultCard(): CardYaml {
  return card.parse({});
}

/** The keys that may stand at a place of the file. */
export function knownKeys(path: readonly PropertyKey[]): readonly string[] {
  const [room] = path;
  if (path.length === 0) return Object.keys(recipeSchema.shape);
  if (room === "training") return Object.keys(schedule.shape);
  if (room === "card") return Object.keys(path.length > 1 ? { ...named.shape, id: 0, link: 0 } : card.shape);
  if (room === "lenses") return Object.keys(lens.shape);
  if (path.includes("labels")) return Object.keys(labelSourceFields.shape);
  return Object.keys((room === "sets" ? trainingSet : validationSet).shape);
}

function asList(value: unknown): unknown {
  return typeof value === "string" || typeof value === "number" ? [value] : value;
}

function asText(value: unknown): unknown {
  return typeof value === "number" || typeof value === "boolean" ? String(value) : value;
}
