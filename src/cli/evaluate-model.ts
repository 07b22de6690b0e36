/** A model over labelled files: from their words, from their raw text, or from texts with spans. */
import { openLabelled, openSpanDocuments } from "../adapters/files/label-files.js";
import type { EvaluateOptions } from "../config/options.js";
import type { LabelledDocument, SpanDocument } from "../dataset/document.js";
import { prepareWords } from "../dataset/prepare.js";
import { textOf } from "../dataset/text.js";
import { toView } from "../document/blocks.js";
import { type PreparedDocument, prepareText } from "../document/prepare.js";
import { SpanmillError } from "../errors.js";
import {
  addChances,
  type CalibrationTally,
  calibrationOf,
  calibrationTally,
} from "../evaluation/calibration.js";
import { chanceSpans, chancesOf, spanChances } from "../evaluation/chances.js";
import { addRaw, rawScores, rawTally } from "../evaluation/conll18.js";
import { goldColumns, takeInventory } from "../evaluation/gold.js";
import type { EvaluationReport } from "../evaluation/report.js";
import { scorer } from "../evaluation/scorer.js";
import { selectSpans } from "../evaluation/selection.js";
import { goldRaw, goldSide, predictedRaw, predictedSide, type ScoredLens } from "../evaluation/sides.js";
import { addSpans, spanScores, spanTally } from "../evaluation/spans.js";
import { batcher } from "../pipeline/batcher.js";
import { inOrder } from "../pipeline/in-order.js";
import type { Tagger } from "../ports/tagger.js";
import type { TaggedBlock } from "../tagging/protocol.js";
import { columnChoice, selectionOf } from "./scoring-options.js";

export interface ModelRun {
  readonly files: readonly string[];
  readonly options: EvaluateOptions;
  readonly tagger: Tagger;
  readonly tick: (documents: number, spans: number) => void;
}

/** From gold words. */
export async function scoreWords(run: ModelRun): Promise<EvaluationReport> {
  const { options } = run;
  const lenses = await findLenses(run);
  const scores = scorer(options.mode, selectionOf(options));
  const tallies = new Map(lenses.map(({ lens }) => [lens.name, calibrationTally()]));
  const prepare = (document: LabelledDocument) =>
    prepareWords(identityOf(document), document, options.context, options.joinTo);
  for await (const { document, blocks } of answers(openLabelled(run.files, options.from), prepare, run)) {
    for (const scored of lenses) {
      const { lens, column } = scored;
      scores.add(lens.name, goldSide(document, column), predictedSide(document, blocks, lens));
      if (options.calibration) addChances(tallies.get(lens.name)!, chancesOf(document, blocks, scored));
    }
  }
  return options.calibration ? withCalibration(scores.report(), tallies) : scores.report();
}

function withCalibration(
  report: EvaluationReport,
  tallies: ReadonlyMap<string, CalibrationTally>,
): EvaluationReport {
  const lenses = Object.entries(report.lenses).map(([name, scores]) => [
    name,
    { ...scores, calibration: calibrationOf(tallies.get(name)!) },
  ]);
  return { ...report, lenses: Object.fromEntries(lenses) };
}

/** From raw text: words and sentences are the system's own. */
export async function scoreRaw(run: ModelRun): Promise<EvaluationReport> {
  const { options } = run;
  const lenses = await findLenses(run);
  const tally = rawTally();
  const prepare = (document: LabelledDocument) =>
    prepareText({ ...identityOf(document), text: textOf(document).text }, options.joinTo);
  for await (const { document, prepared, blocks } of answers(
    openLabelled(run.files, options.from),
    prepare,
    run,
  )) {
    addRaw(tally, goldRaw(document, lenses), predictedRaw(prepared, blocks, lenses));
  }
  const { words, sentences, labels, spans } = rawScores(tally);
  return { lenses: { ...spans, ...labels }, words, sentences };
}

/** From texts with spans: a span is right where its characters are those of a gold span. */
export async function scoreSpanDocuments(run: ModelRun): Promise<EvaluationReport> {
  const { options, tagger } = run;
  const lens = tagger.models.flatMap((model) => model.lenses).find(({ scheme }) => scheme !== "none");
  if (lens === undefined) {
    throw new SpanmillError(
      "USAGE",
      "JSONL holds spans, and the model has no lens with spans: name another with --lens",
    );
  }
  const selection = selectionOf(options)(lens.name);
  const tally = spanTally();
  const calibration = calibrationTally();
  const prepare = (document: SpanDocument) =>
    prepareText({ ...identityOf(document), text: document.text }, options.joinTo);
  for await (const { document, prepared, blocks } of answers(openSpanDocuments(run.files), prepare, run)) {
    const gold = selectSpans(
      document.spans.map(({ start, end, label }) => ({ start, end, type: label })),
      selection,
    );
    const inView = blocks.flatMap((answer, b) =>
      chanceSpans(answer.lenses[lens.name]!, (start, end) => toView(prepared.blocks[b]!, start, end)),
    );
    const predicted = selectSpans(inView, selection);
    addSpans(tally, gold, predicted);
    addChances(calibration, spanChances(gold, predicted));
  }
  const report = { lenses: { [lens.name]: spanScores(tally) } };
  return options.calibration ? withCalibration(report, new Map([[lens.name, calibration]])) : report;
}

/** The lenses that the files have gold labels for. */
async function findLenses({ files, options, tagger }: ModelRun): Promise<ScoredLens[]> {
  if (files.includes("-")) {
    throw new SpanmillError(
      "USAGE",
      "evaluate reads label files twice, which standard input cannot be: name a file",
    );
  }
  const all = tagger.models.flatMap((model) => model.lenses);
  const inventory = await takeInventory(openLabelled(files, options.from));
  if (inventory.columnNames.length === 0) {
    throw new SpanmillError("INPUT_MALFORMED", `${files.join(", ")}: there is no labelled word in it`);
  }
  return goldColumns(inventory, all, columnChoice(options)).map((column) => {
    const lens = all.find(({ name }) => name === column.lens)!;
    if ((lens.scheme === "none") !== (column.scheme === "none")) {
      throw new SpanmillError(
        "INPUT_MALFORMED",
        `The gold labels of lens ${lens.name} are of scheme ${column.scheme}, the model's of ${lens.scheme}: is it the right ` +
          `column? Say which with --column ${lens.name}=N`,
      );
    }
    return { lens, column, selection: selectionOf(options)(lens.name) };
  });
}

function identityOf({ id, line }: { id: string | undefined; line: number }): {
  id: string;
  revision: string;
} {
  return { id: id ?? String(line), revision: "" };
}

interface Answer<Document> {
  readonly document: Document;
  readonly prepared: PreparedDocument;
  readonly blocks: readonly TaggedBlock[];
}

async function* answers<Document>(
  documents: AsyncIterable<Document>,
  prepare: (document: Document) => PreparedDocument,
  { tagger, tick }: ModelRun,
): AsyncGenerator<Answer<Document>> {
  const { tag } = batcher(tagger);
  const limit = { items: 200, size: 200 };
  let done = 0;
  const answer = async (document: Document): Promise<Answer<Document>> => {
    const prepared = prepare(document);
    return { document, prepared, blocks: await tag(prepared.inputs) };
  };
  for await (const one of inOrder(documents, () => 1, limit, answer)) {
    tick(++done, 0);
    yield one;
  }
}
