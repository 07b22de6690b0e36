/** Label files to training documents: words, and for each lens of the recipe what is known of them. */
import { labelFormat, openLabelled, openSpanDocuments } from "../adapters/files/label-files.js";
import { requireFiles } from "../adapters/files/paths.js";
import { findColumn, type LabelledDocument, type LabelledSentence } from "../dataset/document.js";
import { spanWords } from "../dataset/span-words.js";
import { SpanmillError } from "../errors.js";
import { answerSets, translation } from "./answers.js";
import { type AnswerSets, type TrainingDocument, UNLABELLED } from "./document.js";
import type { LabelSource, Recipe, RecipeLens, TrainingSet, ValidationSet } from "./recipe.js";

export interface ReadSets {
  /** For each set its documents, in the order of its files. */
  readonly documents: readonly (readonly TrainingDocument[])[];
  /** Of the whole recipe, so that they are the same whichever sets are read. */
  readonly sets: AnswerSets;
  readonly report: readonly SetReport[];
  /** What a person should look at, a line each. No text of a document. */
  readonly warnings: readonly string[];
}

export interface SetReport {
  readonly set: string;
  readonly documents: number;
  readonly sentences: number;
  readonly words: number;
  readonly lenses: readonly LensReport[];
}

export interface LensReport {
  readonly lens: string;
  /** Words by answer: labels, then sets of labels. */
  readonly answers: readonly number[];
  /** Sentences that the lens's own label files do not have. */
  readonly notFound: number;
}

/**
 * Reads all sets, and tells all that is wrong with them at once.
 *
 * @throws SpanmillError TRAINING_DATA, and INPUT_* where a file cannot be read or breaks its format
 */
export async function readSets(
  recipe: Recipe,
  sets: readonly (TrainingSet | ValidationSet)[],
): Promise<ReadSets> {
  requireFiles([...new Set(sets.flatMap(filesOf))]);
  const reading: Reading = {
    recipe,
    answers: answerSets(recipe),
    interned: new Map(),
    problems: [],
    warnings: [],
  };
  const documents: TrainingDocument[][] = [];
  const report: SetReport[] = [];
  for (const set of sets) {
    const drafts = await readSet(reading, set);
    documents.push(drafts.documents);
    report.push(drafts.report);
  }
  if (reading.problems.length > 0) throw new SpanmillError("TRAINING_DATA", reading.problems.join("\n"));
  return { documents, sets: reading.answers, report, warnings: reading.warnings };
}

function filesOf({ files, labels }: TrainingSet | ValidationSet): string[] {
  return [...files, ...labels.flatMap((source) => source.files ?? [])];
}

interface Reading {
  readonly recipe: Recipe;
  readonly answers: AnswerSets;
  /** Each word once: a word of a line may hold on to all of it. */
  readonly interned: Map<string, string>;
  readonly problems: string[];
  readonly warnings: string[];
}

interface Sentence {
  readonly words: readonly string[];
  readonly blankBefore: readonly boolean[];
  readonly newParagraph: boolean;
  readonly answers: (Int16Array | undefined)[];
}

/** The labels of one lens in one set: numbers of tags while files are read, answers afterwards. */
interface Labels {
  readonly source: LabelSource;
  readonly lens: RecipeLens;
  /** Of the lens in the recipe. */
  readonly index: number;
  readonly numbers: Map<string, number>;
  readonly read: { readonly tags: Int16Array; readonly file: string; readonly line: number }[];
  notFound: number;
}

async function readSet(
  reading: Reading,
  set: TrainingSet | ValidationSet,
): Promise<{ documents: TrainingDocument[]; report: SetReport }> {
  const { lenses } = reading.recipe;
  const labels = set.labels.map((source): Labels => {
    const index = lenses.findIndex(({ name }) => name === source.lens);
    return { source, lens: lenses[index]!, index, numbers: new Map(), read: [], notFound: 0 };
  });
  const own = labels.filter(({ source }) => source.files === undefined);
  const documents: { readonly sentences: readonly Sentence[] }[] = [];
  for (const file of set.files) {
    for await (const document of openDocuments(reading, set.name, file)) {
      const marked = document.sentences.some(({ newParagraph }) => newParagraph);
      const sentences = document.sentences.map((sentence, i) => {
        const answers: (Int16Array | undefined)[] = lenses.map(() => undefined);
        for (const one of own) answers[one.index] = takeTags(one, document, sentence, file);
        const words = sentence.words.map((word) => interned(reading, word));
        const newParagraph = !marked || i === 0 || sentence.newParagraph;
        return { words, blankBefore: blankBefore(sentence), newParagraph, answers };
      });
      if (sentences.length > 0) documents.push({ sentences });
    }
  }
  const sentences = documents.flatMap((document) => document.sentences);
  for (const one of labels)
    if (one.source.files !== undefined) await joinLabels(reading, set.name, one, sentences);
  const words = sentences.reduce((sum, sentence) => sum + sentence.words.length, 0);
  if (words === 0) reading.problems.push(`set ${set.name}: there is no word in ${set.files.join(", ")}`);
  const reports = words === 0 ? [] : labels.map((one) => answersOf(reading, set.name, one, sentences));
  const report = { set: set.name, documents: documents.length, sentences: sentences.length, words };
  return { documents, report: { ...report, lenses: reports } };
}

async function* openDocuments(reading: Reading, set: string, file: string): AsyncGenerator<LabelledDocument> {
  if (labelFormat(file) !== "jsonl") return yield* openLabelled([file]);
  let [widened, dropped] = [0, 0];
  for await (const spans of openSpanDocuments([file])) {
    const found = spanWords(spans);
    widened += found.widened;
    dropped += found.dropped;
    yield found.document;
  }
  if (widened + dropped > 0) {
    reading.warnings.push(
      `set ${set}: ${file}: ${widened} spans cut words and were widened, ${dropped} overlap others or hold no word and were left out`,
    );
  }
}

function interned({ interned }: Reading, word: string): string {
  const known = interned.get(word);
  if (known !== undefined) return known;
  interned.set(word, word);
  return word;
}

function blankBefore({ spaceAfter }: LabelledSentence): readonly boolean[] {
  if (spaceAfter.every((space, i) => space || i === spaceAfter.length - 1)) {
    const known = ALL_BLANK.get(spaceAfter.length) ?? spaceAfter.map(() => true);
    ALL_BLANK.set(spaceAfter.length, known);
    return known;
  }
  return spaceAfter.map((_, i) => i === 0 || spaceAfter[i - 1]!);
}

/** By length: most sentences of most files are so. */
const ALL_BLANK = new Map<number, readonly boolean[]>();

/** The tags of a sentence as numbers. */
function takeTags(
  labels: Labels,
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
  labels: Labels,
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

function wrongColumn({ source }: Labels, file: string, what: string): SpanmillError {
  return new SpanmillError(
    "TRAINING_DATA",
    `${file}: column ${source.column} for the lens ${source.lens}: ${what}. Say which column it is (\`column\`, or --column): ` +
      "1 is the first, -1 the last, or upos or xpos of CoNLL-U",
  );
}

/** Labels of files beside the set's own, for the sentences with the very same words. */
async function joinLabels(
  reading: Reading,
  set: string,
  labels: Labels,
  sentences: readonly Sentence[],
): Promise<void> {
  const wanted = new Map<string, Sentence[]>();
  for (const sentence of sentences) {
    const key = sentence.words.join("\n");
    const same = wanted.get(key);
    if (same === undefined) wanted.set(key, [sentence]);
    else same.push(sentence);
  }
  for (const file of labels.source.files!) {
    for await (const document of openDocuments(reading, set, file)) {
      for (const sentence of document.sentences) {
        const key = sentence.words.join("\n");
        const same = wanted.get(key);
        if (same === undefined) continue;
        wanted.delete(key);
        const tags = takeTags(labels, document, sentence, file);
        for (const one of same) one.answers[labels.index] = tags;
      }
    }
  }
  labels.notFound = [...wanted.values()].reduce((sum, same) => sum + same.length, 0);
  if (labels.notFound > 0 && labels.notFound < sentences.length) {
    reading.warnings.push(
      `set ${set}: ${labels.notFound} of ${sentences.length} sentences have no labels of the lens ${labels.source.lens}: ` +
        `their words are not in ${labels.source.files!.join(", ")}`,
    );
  }
}

/** Turns the tags that were read into answers, in place. */
function answersOf(
  { answers, problems, warnings }: Reading,
  set: string,
  labels: Labels,
  sentences: readonly Sentence[],
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
