/** Tags of label files as answers: numbers that say which labels of a lens are right (see `TrainingSentence`). */
import { detectScheme, eachSpan, parseTag, prefixFor, type Scheme, type Tag } from "../tagging/schemes.js";
import { type AnswerSets, UNLABELLED } from "./document.js";
import { PREFIXES } from "./lens-labels.js";
import type { LabelSource, Recipe, RecipeLens } from "./recipe.js";

/**
 * The sets of labels of which any is right, over all of the recipe, so that an answer means the same whatever sets are
 * read: what a set does not annotate with O, and what `any-of` names, under each prefix of the lens's scheme.
 */
export function answerSets({
  lenses,
  sets,
  validation,
}: Pick<Recipe, "lenses" | "sets" | "validation">): AnswerSets {
  return lenses.map((lens) => {
    const found = new Map<string, readonly number[]>();
    for (const { labels } of [...sets, ...validation]) {
      for (const source of labels.filter((one) => one.lens === lens.name)) {
        for (const names of namedSets(lens, source)) {
          const set = indices(lens, names);
          if (set.length > 1) found.set(set.join(), set);
        }
      }
    }
    return [...found.values()];
  });
}

function namedSets(lens: RecipeLens, { notAnnotated, anyOf }: LabelSource): string[][] {
  const choices = [...anyOf.values()].flatMap((names) =>
    prefixesOf(lens.scheme).map((prefix) => withPrefix(lens, names, prefix)),
  );
  return notAnnotated.length === 0 ? choices : [outsideLabels(lens, notAnnotated), ...choices];
}

function outsideLabels(lens: RecipeLens, notAnnotated: readonly string[]): string[] {
  return ["O", ...prefixesOf(lens.scheme).flatMap((prefix) => withPrefix(lens, notAnnotated, prefix))];
}

function prefixesOf(scheme: Scheme): readonly string[] {
  return scheme === "none" ? [""] : PREFIXES[scheme];
}

/** The lens's labels of some types under one prefix; O stays O. */
function withPrefix(lens: RecipeLens, types: readonly string[], prefix: string): string[] {
  return types.flatMap((type) => {
    if (type === "O" || lens.scheme === "none") return [type];
    return lens.labels.filter((label) => {
      const tag = parseTag(label, lens.scheme);
      return tag.prefix === prefix && tag.type === type;
    });
  });
}

/** Ascending, each once. */
function indices({ labels }: RecipeLens, names: readonly string[]): number[] {
  return [...new Set(names.map((name) => labels.indexOf(name)))].filter((i) => i >= 0).sort((a, b) => a - b);
}

export interface Translation {
  /**
   * Puts answers in the place of numbers of tags, word by word.
   *
   * @param missing called with each label that the lens has not, and the word that would have it.
   */
  translate(tags: Int16Array, missing: (label: string, word: number) => void): void;
}

/**
 * How the tags of one source become answers of a lens: the source's spans, read as conlleval reads them under the
 * scheme that the tags show, renamed and chosen, then written in the lens's scheme.
 *
 * @param tags all tags of the source, by number. `_` is no label.
 * @param sets those of the lens, from `answerSets`.
 * @returns undefined where the tags fit no scheme of spans
 */
export function translation(
  lens: RecipeLens,
  source: LabelSource,
  tags: readonly string[],
  sets: AnswerSets[number],
): Translation | undefined {
  const answerOf = (names: readonly string[]) => {
    const set = indices(lens, names);
    if (set.length < 2) return set[0];
    const key = set.join();
    return lens.labels.length + sets.findIndex((one) => one.join() === key);
  };
  return lens.scheme === "none"
    ? wordByWord(source, tags, answerOf)
    : spanBySpan(lens, lens.scheme, source, tags, answerOf);
}

/** A tag that says nothing of its word. */
export const NO_LABEL = "_";
const MISSING = -1;

function wordByWord(
  source: LabelSource,
  tags: readonly string[],
  answerOf: (names: readonly string[]) => number | undefined,
): Translation {
  const names = tags.map((tag) => source.rename.get(tag) ?? tag);
  const table = tags.map((tag, i) => {
    const choice = source.anyOf.get(tag);
    if (choice !== undefined) return answerOf(choice) ?? MISSING;
    const name = names[i]!;
    if (name === "" || source.keep?.has(name) === false) return UNLABELLED;
    return answerOf([name]) ?? (tag === NO_LABEL ? UNLABELLED : MISSING);
  });
  return {
    translate(words, missing) {
      for (let i = 0; i < words.length; i++) {
        const tag = words[i]!;
        if (table[tag] === MISSING) missing(names[tag]!, i);
        words[i] = table[tag]!;
      }
    },
  };
}

function spanBySpan(
  lens: RecipeLens,
  scheme: Exclude<Scheme, "none">,
  source: LabelSource,
  tags: readonly string[],
  answerOf: (names: readonly string[]) => number | undefined,
): Translation | undefined {
  const labelled = tags.filter((tag) => tag !== NO_LABEL);
  const from = schemeOf(labelled);
  if (from === undefined || from === "none") return undefined;
  const parsed: Tag[] = tags.map((tag) => parseTag(tag === NO_LABEL ? "O" : tag, from));
  const noLabel = tags.indexOf(NO_LABEL);
  const outside =
    source.notAnnotated.length === 0 ? answerOf(["O"])! : answerOf(outsideLabels(lens, source.notAnnotated))!;
  const known = new Map<string, number>();
  /** The answer of a word of a span; undefined where the span does not count. */
  const answer = (prefix: string, type: string): number | undefined => {
    const choice = source.anyOf.get(type);
    const name = source.rename.get(type) ?? type;
    if (choice === undefined && (name === "" || source.keep?.has(name) === false)) return undefined;
    const key = `${prefix}-${type}`;
    const found = known.get(key) ?? answerOf(withPrefix(lens, choice ?? [name], prefix)) ?? MISSING;
    known.set(key, found);
    return found;
  };
  return {
    translate(words, missing) {
      const numbers = words.slice();
      for (let i = 0; i < words.length; i++) words[i] = numbers[i] === noLabel ? UNLABELLED : outside;
      let last = { end: -1, type: "" };
      eachSpan(
        0,
        numbers.length,
        (word) => parsed[numbers[word]!]!,
        (start, end, type) => {
          const name = source.rename.get(type) ?? type;
          const touches = last.end === start && last.type === name;
          for (let i = start; i < end; i++) {
            const prefix = prefixFor(scheme, i === start, i === end - 1, touches);
            const found = answer(prefix, type);
            if (found === undefined) return;
            if (found === MISSING) missing(`${prefix}-${name}`, i);
            words[i] = found;
          }
          last = { end, type: name };
        },
      );
    },
  };
}

/** A set without a single span still has O, which every scheme has. */
function schemeOf(tags: readonly string[]): Scheme | undefined {
  if (tags.every((tag) => tag === "O")) return "BIO";
  try {
    return detectScheme(tags);
  } catch {
    return undefined;
  }
}
