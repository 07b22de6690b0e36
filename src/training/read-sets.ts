/** Label files to training documents: words, and for each lens of the recipe what is known of them. */
import { requireFiles } from "../adapters/files/paths.js";
import type { LabelledSentence } from "../dataset/document.js";
import { SpanmillError } from "../errors.js";
import { answerSets } from "./answers.js";
import type { AnswerSets, TrainingDocument } from "./document.js";
import { openDocuments } from "./label-documents.js";
import type { Recipe, TrainingSet, ValidationSet } from "./recipe.js";
import { answersOf, type LensReport, type SetLabels, takeTags } from "./set-labels.js";

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

async function readSet(
  reading: Reading,
  set: TrainingSet | ValidationSet,
): Promise<{ documents: TrainingDocument[]; report: SetReport }> {
  const { lenses } = reading.recipe;
  const labels = set.labels.map((source): SetLabels => {
    const index = lenses.findIndex(({ name }) => name === source.lens);
    return { source, lens: lenses[index]!, index, numbers: new Map(), read: [], notFound: 0 };
  });
  const own = labels.filter(({ source }) => source.files === undefined);
  const documents: { readonly sentences: readonly Sentence[] }[] = [];
  const note = (text: string) => reading.warnings.push(`set ${set.name}: ${text}`);
  for await (const { file, document } of openDocuments(set.files, set.part, note)) {
    const marked = document.sentences.some(({ newParagraph }) => newParagraph);
    const sentences = document.sentences.map((sentence, i) => {
      const answers: (Int16Array | undefined)[] = lenses.map(() => undefined);
      for (const one of own) answers[one.index] = takeTags(one, document, sentence, file);
      const words = sentence.words.map((word) => interned(reading, word));
      const newParagraph = !marked || i === 0 || sentence.newParagraph;
      return { words, blankBefore: blankBefore(sentence), newParagraph, answers };
    });
    documents.push({ sentences });
  }
  const sentences = documents.flatMap((document) => document.sentences);
  for (const one of labels)
    if (one.source.files !== undefined) await joinLabels(reading, set.name, one, sentences);
  const words = sentences.reduce((sum, sentence) => sum + sentence.words.length, 0);
  if (words === 0) reading.problems.push(`set ${set.name}: there is no word in ${set.files.join(", ")}`);
  const reports =
    words === 0 ? [] : labels.map((one) => answersOf(one, set.name, sentences, reading.answers, reading));
  const report = { set: set.name, documents: documents.length, sentences: sentences.length, words };
  return { documents, report: { ...report, lenses: reports } };
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

/** Labels of files beside the set's own, for the sentences with the very same words. */
async function joinLabels(
  reading: Reading,
  set: string,
  labels: SetLabels,
  sentences: readonly Sentence[],
): Promise<void> {
  const wanted = new Map<string, Sentence[]>();
  for (const sentence of sentences) {
    const key = sentence.words.join("\n");
    const same = wanted.get(key);
    if (same === undefined) wanted.set(key, [sentence]);
    else same.push(sentence);
  }
  const note = (text: string) => reading.warnings.push(`set ${set}: ${text}`);
  for await (const { file, document } of openDocuments(labels.source.files!, undefined, note)) {
    for (const sentence of document.sentences) {
      const key = sentence.words.join("\n");
      const same = wanted.get(key);
      if (same === undefined) continue;
      wanted.delete(key);
      const tags = takeTags(labels, document, sentence, file);
      for (const one of same) one.answers[labels.index] = tags;
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
