/** Validation sets: how they are looked at before a training begins, and what their files say is right. */
import { findColumn, type LabelledDocument } from "../dataset/document.js";
import { type GoldColumn, takeInventory } from "../evaluation/gold.js";
import type { TagSide } from "../evaluation/scorer.js";
import type { Selection } from "../evaluation/selection.js";
import { detectScheme, type Scheme } from "../tagging/schemes.js";
import { NO_LABEL } from "./answers.js";
import { openDocuments } from "./label-documents.js";
import type { LabelSource, Recipe, RecipeLens, ValidationSet } from "./recipe.js";

/** The sets as they are judged, each lens by its own files, to be read as training sets are: that finds their faults. */
export function setsToCheck({ validation }: Recipe): ValidationSet[] {
  return validation.flatMap((set) =>
    set.labels.map((source) => ({
      ...set,
      name: `${set.name} (validation)`,
      files: source.files ?? set.files,
      labels: [{ ...source, files: undefined }],
    })),
  );
}

/** @throws SpanmillError INPUT_* */
export async function goldColumn(
  files: readonly string[],
  source: LabelSource,
  lens: RecipeLens,
): Promise<GoldColumn> {
  const { columnNames, values, misc } = await takeInventory(documentsOf(files));
  const miscPlace = columnNames.indexOf("misc");
  if (source.column === "misc" && miscPlace >= 0) {
    const scheme = schemeOf([...(misc.get(lens.name) ?? [])], lens);
    return { lens: lens.name, place: { misc: miscPlace }, scheme };
  }
  const place = findColumn(columnNames, source.column);
  return { lens: lens.name, place, scheme: schemeOf([...(values[place] ?? [])], lens) };
}

async function* documentsOf(files: readonly string[]): AsyncGenerator<LabelledDocument> {
  for await (const { document } of openDocuments(files)) yield document;
}

/** That of the lens where it has no spans: O is then a label like any other. */
function schemeOf(tags: readonly string[], lens: RecipeLens): Scheme {
  if (lens.scheme === "none") return "none";
  const labelled = tags.filter((tag) => tag !== NO_LABEL);
  // A set without a single span still has O, which every scheme has.
  return labelled.every((tag) => tag === "O") ? "BIO" : detectScheme(labelled);
}

/** Types that the set does not annotate do not count against the model. */
export function selectionOf({ rename, keep, notAnnotated }: LabelSource): Selection {
  const dropped = notAnnotated.map((type): [string, string] => [type, ""]);
  return { rename: new Map([...rename, ...dropped]), ...(keep === undefined ? {} : { keep }) };
}

/** Whether a tag says nothing of its word, as in training. */
export function saysNothing(tag: string, source: LabelSource, lens: RecipeLens): boolean {
  if (lens.scheme !== "none") return tag === NO_LABEL;
  const name = source.rename.get(tag) ?? tag;
  return name === "" || source.keep?.has(name) === false || (tag === NO_LABEL && !lens.labels.includes(name));
}

/** Both sides without the words of which the files say nothing; of spans, those words are outside on both sides. */
export function labelledOnly(
  gold: TagSide,
  predicted: TagSide,
  source: LabelSource,
  lens: RecipeLens,
): readonly [TagSide, TagSide] {
  const silent = gold.tags.map((tags) => tags.map((tag) => saysNothing(tag, source, lens)));
  if (!silent.some((words) => words.includes(true))) return [gold, predicted];
  const without = ({ tags, scheme }: TagSide): TagSide => ({
    scheme,
    tags: tags.map((own, s) =>
      lens.scheme === "none"
        ? own.filter((_, i) => !silent[s]![i])
        : own.map((tag, i) => (silent[s]![i] ? "O" : tag)),
    ),
  });
  return [without(gold), without(predicted)];
}
