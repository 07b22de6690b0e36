/** What the validation sets say of a model's scores: its predicted spans, each with whether it is right. */
import { prepareWords } from "../dataset/prepare.js";
import { expectedCalibrationError } from "../evaluation/calibration.js";
import { type GoldColumn, goldTags } from "../evaluation/gold.js";
import { selectSpans, selectTags } from "../evaluation/selection.js";
import { infer } from "../tagging/infer.js";
import { pieceEncoder } from "../tagging/pieces.js";
import type { WordBlock } from "../tagging/protocol.js";
import { labelSet, spansOfTags, type TagSpan } from "../tagging/schemes.js";
import { cutWindows } from "../tagging/windows.js";
import { fitTemperature, type JudgedSpan, judgeSpans, judgeWords, spanScore } from "./export/temperature.js";
import { openDocuments } from "./label-documents.js";
import type { LabelSource, RecipeLens } from "./recipe.js";
import { type Judge, outputName } from "./validate.js";
import { goldColumn, saysNothing, selectionOf } from "./validation-sets.js";

export interface Calibration {
  readonly lens: string;
  /** Fitted on all spans. */
  readonly temperature: number;
  readonly spans: number;
  /**
   * Expected calibration errors without and with temperature. That with is measured on every other block with the
   * temperature of the rest, and on the rest with theirs.
   */
  readonly before: number;
  readonly after: number;
}

/** Fits the temperature of a lens on the validation sets that decide; 1 where they say nothing of it. */
export async function calibrate(judge: Judge, lens: RecipeLens): Promise<Calibration> {
  const halves: [JudgedSpan[], JudgedSpan[]] = [[], []];
  for (const set of judge.recipe.validation) {
    if (!set.decides) continue;
    for (const source of set.labels) {
      if (source.lens !== lens.name) continue;
      let at = 0;
      const files = source.files ?? set.files;
      const column = await goldColumn(files, source, lens);
      for await (const { document } of openDocuments(files, set.part)) {
        judge.signal.throwIfAborted();
        const gold = document.sentences.flatMap((sentence) => [...goldTags(sentence, column)]);
        const { inputs } = prepareWords({ id: "", revision: "" }, document, set.context);
        let first = 0;
        for (const block of inputs as WordBlock[]) {
          const tags = gold.slice(first, first + block.words.length);
          halves[at % 2]!.push(...(await judgeBlock(judge, lens, block, { tags, column, source })));
          first += block.words.length;
          at++;
        }
      }
    }
  }
  return fitted(lens.name, halves);
}

interface Answers {
  /** Of the block's words. */
  readonly tags: readonly string[];
  readonly column: GoldColumn;
  readonly source: LabelSource;
}

async function judgeBlock(
  judge: Judge,
  lens: RecipeLens,
  block: WordBlock,
  { tags, column, source }: Answers,
): Promise<JudgedSpan[]> {
  const labels = labelSet(lens.labels, lens.scheme);
  const silent = new Set(tags.flatMap((tag, word) => (saysNothing(tag, source, lens) ? [word] : [])));
  const scored = {
    logits: await logitsOf(judge, lens, block),
    words: block.words.length,
    lines: block.lines,
    unlabelled: silent,
  };
  if (lens.scheme === "none") {
    const names = selectTags(tags, "none", selectionOf(source));
    return judgeWords(
      scored,
      labels,
      names.map((name, word) => (silent.has(word) ? undefined : lens.labels.indexOf(name))),
    );
  }
  const gold = block.sentences.flatMap((start, i) => {
    const end = block.sentences[i + 1] ?? block.words.length;
    const own = tags.slice(start, end).map((tag, i) => (silent.has(start + i) ? "O" : tag));
    const spans = selectSpans(spansOfTags(own, column.scheme), selectionOf(source));
    return spans.map((span): TagSpan => ({ ...span, start: span.start + start, end: span.end + start }));
  });
  const dropped = new Set(source.notAnnotated);
  // A span of a type that the set does not annotate is neither right nor wrong.
  return judgeSpans(scored, labels, gold).filter(
    ({ ofType }) => !dropped.has(labels.tags[ofType.indexOf(true)]!.type),
  );
}

/** Row-major, [words x labels], as the engine has them before it decodes. */
async function logitsOf(judge: Judge, lens: RecipeLens, block: WordBlock): Promise<Float32Array> {
  const { encoder, recipe, tokenizer } = judge;
  const room = recipe.window - encoder.prefix.length - encoder.suffix.length;
  const glued = new Set(block.glued);
  const toPieces = pieceEncoder(tokenizer, room, recipe.wordShapes ? "word_shapes" : "zeros");
  const pieces = toPieces(block.words, (word) => word > 0 && !glued.has(word));
  const head = { output: outputName(lens, recipe), labels: lens.labels.length };
  const [logits] = await infer(encoder, [head], pieces, cutWindows(pieces.offsets, block.sentences, room));
  return logits!;
}

function fitted(lens: string, halves: readonly [readonly JudgedSpan[], readonly JudgedSpan[]]): Calibration {
  const all = halves.flat();
  const [even, odd] = halves;
  const correct = all.map((span) => span.correct);
  const [ofEven, ofOdd] = [fitTemperature(even), fitTemperature(odd)];
  const crossed = [
    ...even.map((span) => spanScore(span, ofOdd)),
    ...odd.map((span) => spanScore(span, ofEven)),
  ];
  return {
    lens,
    temperature: fitTemperature(all),
    spans: all.length,
    before: expectedCalibrationError(
      all.map((span) => spanScore(span, 1)),
      correct,
    ),
    after: expectedCalibrationError(crossed, correct),
  };
}
