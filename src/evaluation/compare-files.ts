/** Two label files of the same words, from any tool, against each other. */
import type { LabelledDocument, LabelledSentence, SpanDocument } from "../dataset/document.js";
import { SpanmillError } from "../errors.js";
import type { TagSpan } from "../tagging/schemes.js";
import { type GoldColumn, goldTags } from "./gold.js";
import type { EvaluationReport } from "./report.js";
import type { Scorer } from "./scorer.js";
import { type Selection, selectSpans } from "./selection.js";
import { addSpans, spanScores, spanTally } from "./spans.js";

export interface LabelSide<Document> {
  /** What messages call it. */
  readonly name: string;
  readonly documents: AsyncIterable<Document>;
}

/**
 * Compares sentence by sentence, whatever the files say of documents.
 *
 * @param columns per lens the column of either side.
 * @throws SpanmillError INPUT_MALFORMED with file and line where the words differ.
 */
export async function compareTagged(
  gold: LabelSide<LabelledDocument>,
  predicted: LabelSide<LabelledDocument>,
  columns: readonly { readonly gold: GoldColumn; readonly predicted: GoldColumn }[],
  scorer: Scorer,
): Promise<void> {
  const others = sentencesOf(predicted.documents);
  for await (const sentence of sentencesOf(gold.documents)) {
    const { value: other } = await others.next();
    if (other === undefined) throw tooShort(predicted.name, gold.name, sentence);
    requireSameWords(gold.name, sentence, predicted.name, other);
    for (const column of columns) {
      scorer.add(
        column.gold.lens,
        { tags: [goldTags(sentence, column.gold)], scheme: column.gold.scheme },
        { tags: [goldTags(other, column.predicted)], scheme: column.predicted.scheme },
      );
    }
  }
  const { value: excess } = await others.next();
  if (excess !== undefined) throw tooShort(gold.name, predicted.name, excess);
}

async function* sentencesOf(
  documents: AsyncIterable<LabelledDocument>,
): AsyncGenerator<LabelledSentence, undefined> {
  for await (const { sentences } of documents) yield* sentences.filter(({ words }) => words.length > 0);
  return undefined;
}

function tooShort(short: string, long: string, { line }: LabelledSentence): SpanmillError {
  return new SpanmillError(
    "INPUT_MALFORMED",
    `${short} ends before ${long}, which goes on with a sentence at line ${line}: both must hold the same sentences`,
  );
}

function requireSameWords(
  goldName: string,
  gold: LabelledSentence,
  name: string,
  other: LabelledSentence,
): void {
  const length = Math.min(gold.words.length, other.words.length);
  let at = 0;
  while (at < length && gold.words[at] === other.words[at]) at++;
  if (at === gold.words.length && at === other.words.length) return;
  throw new SpanmillError(
    "INPUT_MALFORMED",
    `the words of ${goldName} and ${name} differ from word ${at + 1} of the sentences at lines ${gold.line} and ${other.line}: ` +
      "both must hold the same words in the same order",
  );
}

/**
 * Compares JSONL documents by the exact ranges of their spans.
 *
 * @throws SpanmillError INPUT_MALFORMED with file and line where the texts differ.
 */
export async function compareSpans(
  gold: LabelSide<SpanDocument>,
  predicted: LabelSide<SpanDocument>,
  lens: string,
  selection: Selection,
): Promise<EvaluationReport> {
  const tally = spanTally();
  const others = predicted.documents[Symbol.asyncIterator]();
  const select = ({ spans }: SpanDocument): TagSpan[] =>
    selectSpans(
      spans.map(({ start, end, label }) => ({ start, end, type: label })),
      selection,
    );
  for await (const document of gold.documents) {
    const next = await others.next();
    if (next.done) throw ends(predicted.name, gold.name, document.line);
    const other: SpanDocument = next.value;
    if (other.text !== document.text) {
      throw new SpanmillError(
        "INPUT_MALFORMED",
        `the texts of ${gold.name}:${document.line} and ${predicted.name}:${other.line} differ: both files must hold the same ` +
          "documents in the same order",
      );
    }
    addSpans(tally, select(document), select(other));
  }
  const excess = await others.next();
  if (!excess.done) throw ends(gold.name, predicted.name, excess.value.line);
  return { lenses: { [lens]: spanScores(tally) } };
}

function ends(short: string, long: string, line: number): SpanmillError {
  return new SpanmillError(
    "INPUT_MALFORMED",
    `${short} ends before ${long}, which goes on at line ${line}: both must hold the same documents`,
  );
}
