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
  for await (const [sentence, other] of lockStep(
    { name: gold.name, items: sentencesOf(gold.documents) },
    { name: predicted.name, items: sentencesOf(predicted.documents) },
    "sentences",
  )) {
    requireSameWords(gold.name, sentence, predicted.name, other);
    for (const column of columns) {
      scorer.add(
        column.gold.lens,
        { tags: [goldTags(sentence, column.gold)], scheme: column.gold.scheme },
        { tags: [goldTags(other, column.predicted)], scheme: column.predicted.scheme },
      );
    }
  }
}

async function* sentencesOf(documents: AsyncIterable<LabelledDocument>): AsyncGenerator<LabelledSentence> {
  for await (const { sentences } of documents) yield* sentences.filter(({ words }) => words.length > 0);
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
    `the sentences at ${goldName}:${gold.line} and ${name}:${other.line} differ from word ${at + 1} on: both files must hold the ` +
      "same words in the same order",
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
  const select = ({ spans }: SpanDocument): TagSpan[] =>
    selectSpans(
      spans.map(({ start, end, label }) => ({ start, end, type: label })),
      selection,
    );
  for await (const [document, other] of lockStep(
    { name: gold.name, items: gold.documents },
    { name: predicted.name, items: predicted.documents },
    "documents",
  )) {
    if (other.text !== document.text) {
      throw new SpanmillError(
        "INPUT_MALFORMED",
        `the texts of ${gold.name}:${document.line} and ${predicted.name}:${other.line} differ: both files must hold the same ` +
          "documents in the same order",
      );
    }
    addSpans(tally, select(document), select(other));
  }
  return { lenses: { [lens]: spanScores(tally) } };
}

interface Items<Item> {
  readonly name: string;
  readonly items: AsyncIterable<Item>;
}

/** Pairs what both sides hold; closes both, however it ends. */
async function* lockStep<Item extends { readonly line: number }>(
  gold: Items<Item>,
  predicted: Items<Item>,
  what: string,
): AsyncGenerator<[Item, Item]> {
  const others = predicted.items[Symbol.asyncIterator]();
  try {
    for await (const item of gold.items) {
      const other = await others.next();
      if (other.done) throw ends(predicted.name, gold.name, item.line, what);
      yield [item, other.value];
    }
    const excess = await others.next();
    if (!excess.done) throw ends(gold.name, predicted.name, excess.value.line, what);
  } finally {
    await others.return?.();
  }
}

function ends(short: string, long: string, line: number, what: string): SpanmillError {
  return new SpanmillError(
    "INPUT_MALFORMED",
    `${short} ends before ${long}, which goes on at ${long}:${line}: both must hold the same ${what}`,
  );
}
