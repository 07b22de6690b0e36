/** A judge whose encoder says of each word what a test wants, wherever the word stands. */
import { join } from "node:path";
import type { LabelSource, Recipe, RecipeLens, ValidationSet } from "../../src/training/recipe.js";
import { usualSchedule } from "../../src/training/recipe-file.js";
import type { Judge } from "../../src/training/validate.js";

export const SOURCE: LabelSource = {
  lens: "it",
  files: undefined,
  column: -1,
  rename: new Map(),
  keep: undefined,
  notAnnotated: [],
  anyOf: new Map(),
};

export function validationSet(file: string, set: Partial<ValidationSet> & { source?: Partial<LabelSource> }) {
  const { source, ...rest } = set;
  const labels = [{ ...SOURCE, ...source }];
  return { name: "dev", files: [file], labels, context: "block", decides: true, ...rest } as const;
}

/** @param logits of each word, by label. */
export function scriptedJudge(
  lens: Omit<RecipeLens, "weight" | "auxiliary">,
  validation: readonly ValidationSet[],
  logits: Readonly<Record<string, readonly number[]>>,
  signal = new AbortController().signal,
): Judge {
  const words = Object.keys(logits);
  const [prefix, suffix, first] = [[0], [1], 2];
  const recipe: Recipe = {
    name: "scripted",
    base: join("no", "where"),
    output: join("no", "where"),
    seed: 1,
    window: 64,
    wordShapes: false,
    lenses: [{ ...lens, weight: 1, auxiliary: false }],
    sets: [],
    validation,
    schedule: usualSchedule(),
    export: ["int8"],
    card: {
      summary: "",
      languages: [],
      licence: { id: "other" },
      base: { name: "b", licence: "l" },
      limits: [],
    },
  };
  return {
    recipe,
    signal,
    tokenizer: {
      encode: (word) => [first + words.indexOf(word)],
      prefix,
      suffix,
      unknown: 0,
      readsBlanks: false,
    },
    encoder: {
      prefix,
      suffix,
      run: async (ids) => {
        const rows = ids.map((id) => logits[words[id - first]!] ?? lens.labels.map(() => 0));
        return new Map([["logits", Float32Array.from(rows.flat())]]);
      },
    },
  };
}
