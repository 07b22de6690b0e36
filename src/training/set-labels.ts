/** The labels of one lens in one set: taken from a column as tags, then made answers, once all tags are known. */
import { labelFormat } from "../adapters/files/label-files.js";
import { findColumn, type LabelledDocument, type LabelledSentence } from "../dataset/document.js";
import { SpanmillError } from "../errors.js";
import { translation } from "./answers.js";
import { type AnswerSets, UNLABELLED } from "./document.js";
import type { LabelSource, RecipeLens } from "./recipe.js";

/** The labels of one lens in one set: numbers of tags while files are read, answers afterwards. */
export interface SetLabels {
  readonly source: LabelSource;
  readonly lens: RecipeLens;
  /** Of the lens in the recipe. */
  readonly index: number;
  readonly numbers: Map<string, number>;
  readonly read: { readonly tags: Int16Array; readonly file: string; readonly line: number }[];
  notFound: number;
}

export interface LensReport {
  readonly lens: string;
  /** Words by answer: labels, then sets of labels. */
  readonly answers: readonly number[];
  /** Sentences that the lens's own label files do not have. */
  readonly notFound: number;
}

/** The tags of a sentence as numbers. */
export function takeTags(
  labels: SetLabels,
  document: LabelledDocument,
  sentence: LabelledSentence,
  file: string,
): Int16Array {
  const cells = cellsOf(labels, document, sentence, file);
  const tags = new Int16Array(cells.length);
  for (let i = 0; i < cells.length; i++) {
    let number = labels.numbers.get(cells[i]!);
    if (number === undefined) {
      number = labels.numbers.size;
      labels.numbers.set(cells[i]!, number);
      if (number === MOST_TAGS) throw wrongColumn(labels, file, `more than ${MOST_TAGS} different labels`);
    }
    tags[i] = number;
  }
  labels.read.push({ tags, file, line: sentence.line });
  return tags;
}

/** No set of labels comes near. */
const MOST_TAGS = 2_000;

function cellsOf(
  labels: SetLabels,
  { columnNames }: LabelledDocument,
  { columns, words }: LabelledSentence,
  file: string,
): readonly string[] {
  const { column, lens } = labels.source;
  const misc = columnNames.indexOf("misc");
  if (column === "misc" && misc >= 0) return columns[misc]!.map((cell) => miscValue(cell, lens) ?? "O");
  let place: number;
  try {
    place = findColumn(columnNames, column);
  } catch {
    const has = `${columnNames.length} columns${columnNames[0] === "1" ? "" : `: ${columnNames.join(", ")}`}`;
    throw wrongColumn(labels, file, `no such column; it has ${has}`);
  }
  if (columns[place] === words || WORD_COLUMNS.has(columnNames[place]!) || place === 0)
    throw wrongColumn(labels, file, "there are words and no labels in it");
  return columns[place]!;
}

const WORD_COLUMNS = new Set(["id", "form", "lemma"]);

function miscValue(cell: string, key: string): string | undefined {
  return cell
    .split("|")
    .find((pair) => pair.startsWith(`${key}=`))
    ?.slice(key.length + 1);
}

function wrongColumn({ source }: SetLabels, file: string, what: string): SpanmillError {
  return new SpanmillError(
    "TRAINING_DATA",
    `${file}: column ${source.column} for the lens ${source.lens}: ${what}. Say which column it is (\`column\`, or --column): ` +
      "1 is the first, -1 the last, or upos or xpos of CoNLL-U",
  );
}

interface Findings {
  readonly problems: string[];
  readonly warnings: string[];
}

interface Answered {
  readonly answers: (Int16Array | undefined)[];
}

/** Turns the tags that were read into answers, in place. */
export function answersOf(
  labels: SetLabels,
  set: string,
  sentences: readonly Answered[],
  answers: AnswerSets,
  { problems, warnings }: Findings,
): LensReport {
  const { source, lens, index, read, notFound } = labels;
  const sets = answers[index]!;
  const counts = new Array<number>(lens.labels.length + sets.length).fill(0);
  const report = { lens: lens.name, answers: counts, notFound };
  const files = (source.files ?? [...new Set(read.map(({ file }) => file))]).join(", ");
  const translated = translation(lens, source, [...labels.numbers.keys()], sets);
  if (translated === undefined) {
    problems.push(
      `set ${set}: the labels in column ${source.column} of ${files} mark no spans, as the lens ${lens.name} needs: is it the right column?`,
    );
    return report;
  }
  const missing = new Map<string, string>();
  for (const { tags, file, line } of read) {
    const lineOf = labelFormat(file) === "conll" ? (word: number) => line + word : () => line;
    translated.translate(tags, (label, word) => {
      if (!missing.has(label)) missing.set(label, `${file}:${lineOf(word)}`);
    });
  }
  problems.push(...missingLabels(missing, lens, source));
  for (const { answers } of sentences)
    for (const answer of answers[index] ?? []) if (answer >= 0) counts[answer]!++;
  for (const one of sentences)
    if (one.answers[index]?.every((answer) => answer === UNLABELLED)) one.answers[index] = undefined;
  const shown = counts.filter((count) => count > 0).length;
  if (shown === 0 && missing.size === 0) {
    const why = notFound > 0 ? `none of its sentences is in ${files}` : `no word of ${files} has one`;
    problems.push(`set ${set}: there are no labels of the lens ${lens.name}: ${why}`);
  } else if (shown === 1 && missing.size === 0) {
    const only = counts.findIndex((count) => count > 0);
    warnings.push(
      `set ${set}: all words have the same label of the lens ${lens.name}${only < lens.labels.length ? `, ${lens.labels[only]}` : ""}: is it the right column?`,
    );
  }
  return report;
}

/** Labels may be named; a column with ever more of them holds something else, perhaps words. */
const NAMED = 12;
const MOST_MISSING = 100;

function missingLabels(
  missing: ReadonlyMap<string, string>,
  lens: RecipeLens,
  source: LabelSource,
): string[] {
  const [first] = missing.values();
  if (first === undefined) return [];
  if (missing.size > MOST_MISSING) {
    return [
      `${first}: ${missing.size} labels in column ${source.column} are none of the lens ${lens.name}: is it the right column?`,
    ];
  }
  const shown = [...missing]
    .slice(0, NAMED)
    .map(
      ([label, place]) =>
        `${place}: the lens ${lens.name} has no label ${JSON.stringify(label)}: \`rename\` it, or name in \`keep\` the types that count`,
    );
  return missing.size > NAMED ? [...shown, `and ${missing.size - NAMED} more`] : shown;
}

/**
 * Whether the sets that were read can teach every lens what it is to know.
 *
 * @param report of all training sets.
 * @returns warnings: labels that no set shows.
 * @throws SpanmillError TRAINING_DATA where a lens sees no label at all, or only one
 */
export function requireTeachable(
  lenses: readonly RecipeLens[],
  sets: AnswerSets,
  report: readonly { readonly lenses: readonly LensReport[] }[],
): string[] {
  const own = report.flatMap((set) => set.lenses);
  const problems: string[] = [];
  const warnings: string[] = [];
  lenses.forEach(({ name, labels }, index) => {
    const seen = new Set<number>();
    for (const { answers } of own.filter(({ lens }) => lens === name)) {
      answers.forEach((count, answer) => {
        if (count === 0) return;
        if (answer < labels.length) seen.add(answer);
        else for (const label of sets[index]![answer - labels.length]!) seen.add(label);
      });
    }
    const unseen = labels.filter((_, label) => !seen.has(label));
    if (seen.size === 0) problems.push(`lens ${name}: no word of the training sets has a label`);
    else if (seen.size === 1)
      problems.push(
        `lens ${name}: all words of the training sets have the label ${labels[[...seen][0]!]}: there is nothing to learn`,
      );
    else if (unseen.length > 0)
      warnings.push(
        `lens ${name}: no training set shows ${unseen.join(", ")}: the model will hardly give ${unseen.length > 1 ? "them" : "it"}`,
      );
  });
  if (problems.length > 0) throw new SpanmillError("TRAINING_DATA", problems.join("\n"));
  return warnings;
}
