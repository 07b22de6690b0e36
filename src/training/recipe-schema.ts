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
  column: z.union([z.int(), z.string().min(1)]).optional(),
  files: files.optional(),
  rename: z
    .record(
      z.string(),
      z.preprocess((value) => asText(value ?? ""), z.string()),
    )
    .default({}),
  keep: labels.optional(),
  "not-annotated": labels.default([]),
  "any-of": z.record(z.string(), z.preprocess(asList, z.array(label).min(1))).default({}),
});
const labelSource = z.preprocess((value) => value ?? {}, labelSourceFields);

const lens = z.strictObject({
  types: labels.optional(),
  labels: labels.optional(),
  scheme: z.enum(SCHEMES).optional(),
  weight: z.number().gt(0).max(1000).default(1),
  auxiliary: z.boolean().default(false),
});

const trainingSet = z.strictObject({
  name: z.string().min(1).optional(),
  files,
  licence: z.string().min(1).optional(),
  passes: z.number().gt(0).max(100).default(1),
  labels: z.record(z.string(), labelSource),
});

const validationSet = z.strictObject({
  name: z.string().min(1).optional(),
  files,
  labels: z.record(z.string(), labelSource),
  context: z.enum(["block", "sentence", "document"]).default("block"),
  decides: z.boolean().default(true),
});

/**
 * Rates are larger than those usual for BERT-base: narrow encoders take more (Turc et al. 2019 choose among 3e-5 to
 * 3e-4 for theirs), and a head begins with nothing.
 */
const schedule = z.strictObject({
  epochs: z.int().min(1).max(1000).default(4),
  "batch-pieces": z.int().min(16).max(65_536).default(768),
  rate: z.number().gt(0).max(1).default(3e-4),
  "head-rate": z.number().gt(0).max(1).default(1e-3),
  "layer-decay": z.number().gt(0).max(1).default(0.9),
  "warm-up": share.default(0.06),
  "weight-decay": share.default(0.01),
  clip: z.number().min(0).max(1e6).default(1),
  dropout: z.number().min(0).lt(1).default(0.1),
  "word-embeddings": z.enum(["trained", "frozen"]).default("trained"),
  "labelled-pieces": z.enum(["first", "all"]).default("first"),
  "lower-cased": share.default(0.06),
  "upper-cased": share.default(0.04),
  averaged: share.default(0),
  patience: z.int().min(0).max(1000).default(0),
  "checkpoint-every": z.int().min(1).max(1_000_000).default(500),
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
  summary: text.optional(),
  languages: z.array(text).default(["en"]),
  licence: z.strictObject({ id: text, name: text.optional(), link: text.optional() }).optional(),
  base: named.optional(),
  limits: z.array(text).default([]),
});

export const recipeSchema = z.strictObject({
  name: z.string().min(1).optional(),
  base: z.string().min(1).optional(),
  output: z.string().min(1).optional(),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(1),
  window: z.int().min(16).max(512).default(128),
  "word-shapes": z.boolean().default(true),
  lenses: z.record(z.string(), lens),
  sets: z.array(trainingSet).min(1),
  validation: z.array(validationSet).default([]),
  training: schedule.prefault({}),
  export: exported,
  card: card.prefault({}),
});

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
