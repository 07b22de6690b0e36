/** What must hold between the parts of a recipe, beyond what each of them may be. */
import { didYouMean } from "../config/problems.js";
import { nearest } from "../nearest.js";
import { detectScheme, labelSet } from "../tagging/schemes.js";
import { typesOf } from "./lens-labels.js";
import type { LabelSource, Recipe, RecipeLens } from "./recipe.js";
import type { LensYaml, RecipeYaml } from "./recipe-schema.js";

export interface RecipeProblem {
  /** Of the keys in the file. */
  readonly path: readonly PropertyKey[];
  readonly of?: "key";
  readonly what: string;
}

/** Whether each lens has labels that belong to one scheme. */
export function checkLenses(yaml: RecipeYaml): RecipeProblem[] {
  const entries = Object.entries(yaml.lenses);
  if (entries.length === 0) return [{ path: ["lenses"], what: "lenses is empty: name one, with its types" }];
  return entries.flatMap(([name, lens]) => {
    if (!NAME.test(name)) return [{ path: ["lenses", name], of: "key" as const, what: NAME_RULE }];
    return lensProblems(lens).map(([key, what]) => ({
      path: ["lenses", name, ...(key === "" ? [] : [key])],
      ...(key === "" ? ({ of: "key" } as const) : {}),
      what: `lenses.${name}: ${what}`,
    }));
  });
}

const NAME = /^[A-Za-z][\w.-]*$/;
const NAME_RULE = "the name of a lens begins with a letter and has letters, digits, _, . and - alone";

function lensProblems({ types, labels, scheme }: LensYaml): [key: string, what: string][] {
  if (types === undefined && labels === undefined)
    return [["", "say what it labels: `types: [PER, ORG]`, or `labels` with every label"]];
  if (types !== undefined && labels !== undefined)
    return [["labels", "give `types` or `labels`, not both: labels follow from types and scheme"]];
  const key = types === undefined ? "labels" : "types";
  const list = types ?? labels ?? [];
  if (list.length === 0) return [[key, `${key} is empty`]];
  if (new Set(list).size < list.length) return [[key, "one of them stands there twice"]];
  if (types !== undefined) {
    if (scheme === "none") return [["types", "without spans there are no types: give `labels`"]];
    if (types.includes("O")) return [["types", "O is no type: it stands for words outside of all spans"]];
    if (types.every((type) => /^[BIESLU]-./.test(type)))
      return [["types", "types have no prefix: PER, not B-PER and I-PER (those are `labels`)"]];
    return [];
  }
  try {
    const used = scheme ?? detectScheme(list);
    labelSet(list, used);
    if (used === "none" ? list.length > 1 : list.includes("O")) return [];
    return [
      [
        "labels",
        used === "none" ? "one label alone tells nothing" : "O, for words outside of all spans, is missing",
      ],
    ];
  } catch {
    return [["labels", `they fit no scheme; declare it (scheme: none for labels without spans)`]];
  }
}

/** Whether sets, lenses and schedule go together, and go with an encoder of so many positions. */
export function checkRecipe(
  yaml: RecipeYaml,
  recipe: Recipe,
  positions: number | undefined,
): RecipeProblem[] {
  const problems: RecipeProblem[] = [];
  for (const key of ["base", "output"] as const)
    if (recipe[key] === "") problems.push({ path: [], what: `${key} is missing` });
  for (const room of ["sets", "validation"] as const) {
    problems.push(...twice(room, recipe[room]));
    recipe[room].forEach(({ labels }, i) => {
      if (labels.length === 0)
        problems.push({ path: [room, i, "labels"], what: `${room}.${i}.labels is empty: name a lens` });
      for (const source of labels) {
        const path = [room, i, "labels", source.lens];
        const lens = recipe.lenses.find(({ name }) => name === source.lens);
        if (lens === undefined) problems.push(unknownLens(path, source.lens, recipe));
        else problems.push(...sourceProblems(path, source, lens));
        if (room === "validation" && source.anyOf.size > 0) {
          const what = "any-of: a word of a validation set has one right label: `rename` its tags";
          problems.push({ path: [...path, "any-of"], of: "key", what });
        }
      }
    });
  }
  for (const { name } of recipe.lenses) {
    if (!recipe.sets.some(({ labels }) => labels.some(({ lens }) => lens === name)))
      problems.push({ path: ["lenses", name], of: "key", what: `no set has labels of the lens ${name}` });
  }
  if (recipe.lenses.every(({ auxiliary }) => auxiliary))
    problems.push({
      path: ["lenses"],
      of: "key",
      what: "all lenses are auxiliary: nothing would be left to export",
    });
  if (positions !== undefined && recipe.window > positions) {
    const what = `window: windows of ${recipe.window} pieces, but the encoder of the base reads ${positions}`;
    problems.push({ path: ["window"], what });
  }
  return [...problems, ...scheduleProblems(yaml, recipe)];
}

function twice(room: string, sets: readonly { readonly name: string }[]): RecipeProblem[] {
  return sets.flatMap(({ name }, i) =>
    sets.findIndex((other) => other.name === name) < i
      ? [{ path: [room, i], what: `${room}.${i}: another set has this name; give \`name\`` }]
      : [],
  );
}

function unknownLens(path: readonly PropertyKey[], name: string, { lenses }: Recipe): RecipeProblem {
  const names = lenses.map((lens) => lens.name);
  const suggestion = didYouMean(nearest(name, names)) || `; the lenses are ${names.join(", ")}`;
  return {
    path,
    of: "key",
    what: `${NAME.test(name) ? name : "this"} is no lens of the recipe${suggestion}`,
  };
}

/** Names of labels that the lens has not, which would do nothing or be refused for every word. */
function sourceProblems(
  path: readonly PropertyKey[],
  source: LabelSource,
  lens: RecipeLens,
): RecipeProblem[] {
  const types = typesOf(lens.labels, lens.scheme);
  const problems: RecipeProblem[] = [];
  const require = (names: Iterable<string>, key: string, known: readonly string[]) => {
    for (const name of names) {
      if (known.includes(name)) continue;
      const suggestion = didYouMean(nearest(name, known)) || `; it has ${known.slice(0, 20).join(", ")}`;
      problems.push({
        path: [...path, key],
        of: "key",
        what: `${key}: the lens ${lens.name} has no such label as one named here${suggestion}`,
      });
    }
  };
  if (source.keep === undefined) require([...source.rename.values()].filter(Boolean), "rename", types);
  if (source.keep !== undefined) require(source.keep, "keep", types);
  require(source.notAnnotated, "not-annotated", types);
  const orOutside = lens.scheme === "none" ? types : ["O", ...types];
  require([...source.anyOf.values()].flat(), "any-of", orOutside);
  if (source.notAnnotated.length > 0 && lens.scheme === "none") {
    const what = `not-annotated: the lens ${lens.name} has no O that could stand for them; use any-of`;
    problems.push({ path: [...path, "not-annotated"], of: "key", what });
  }
  if (source.column === 0)
    problems.push({ path: [...path, "column"], what: "column: columns count from 1, or from -1 at the end" });
  return problems;
}

function scheduleProblems(yaml: RecipeYaml, { schedule, window, validation }: Recipe): RecipeProblem[] {
  const problems: RecipeProblem[] = [];
  if (schedule.batchPieces < window) {
    const path = yaml.training["batch-pieces"] === 768 ? ["window"] : ["training", "batch-pieces"];
    problems.push({
      path,
      what: `a batch of ${schedule.batchPieces} pieces cannot hold a window of ${window}`,
    });
  }
  if (schedule.lowerCased + schedule.upperCased > 1)
    problems.push({
      path: ["training"],
      of: "key",
      what: "lower-cased and upper-cased are more than 1 together",
    });
  if (schedule.patience > 0 && !validation.some(({ decides }) => decides))
    problems.push({ path: ["training", "patience"], what: "patience needs a validation set that decides" });
  return problems;
}
